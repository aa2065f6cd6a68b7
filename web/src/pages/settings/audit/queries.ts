/** What the page of the audit log asks the server. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answerOf, server } from "../../../api/server";
import { from, PAGING } from "../More";
import type { Action } from "./actions";

export interface AuditFilters {
  action?: Action;
  actor?: string;
  since?: string;
  until?: string;
}

export const auditQuery = (filters: AuditFilters) =>
  infiniteQueryOptions({
    queryKey: ["audit", filters],
    queryFn: ({ pageParam, signal }) =>
      answerOf(server.GET("/v3/audit-log", { params: { query: { ...filters, ...from(pageParam) } }, signal })),
    ...PAGING,
  });

export const checkpointQuery = queryOptions({
  queryKey: ["audit", "checkpoint"],
  queryFn: ({ signal }) => answerOf(server.GET("/v3/audit-log/checkpoint", { signal })),
});
