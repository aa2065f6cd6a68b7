/** What the pages of keys ask the server, each question once. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answerOf, type Shapes, server } from "../../../api/server";
import { from, PAGING } from "../More";
import type { KeyState } from "./keys";

interface KeyFilters {
  owner?: string;
  state?: KeyState;
}

const CALLS_A_PAGE = "200";

export const keysQuery = (filters: KeyFilters) =>
  infiniteQueryOptions({
    queryKey: ["keys", "list", filters],
    queryFn: ({ pageParam, signal }) =>
      answerOf(
        server.GET("/v3/keys", {
          params: { query: { ...filters, ...from(pageParam) } },
          signal,
        }),
      ),
    ...PAGING,
  });

export const keyQuery = (id: string) =>
  queryOptions({
    queryKey: ["keys", "one", id],
    queryFn: ({ signal }) => answerOf(server.GET("/v3/keys/{key_id}", { params: { path: { key_id: id } }, signal })),
  });

export const usageQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["keys", "usage", id],
    queryFn: ({ pageParam, signal }) =>
      answerOf(
        server.GET("/v3/keys/{key_id}/usage", {
          params: {
            path: { key_id: id },
            query: { limit: CALLS_A_PAGE, ...from(pageParam) },
          },
          signal,
        }),
      ),
    ...PAGING,
  });

/** All its calls of a period, counted by the server in steps of an hour or a day. */
export const usageStepsQuery = (id: string, step: Shapes["UsageSummary"]["step"]) =>
  queryOptions({
    queryKey: ["keys", "usage", id, step],
    queryFn: ({ signal }) => {
      const params = { path: { key_id: id }, query: { step } };
      return answerOf(server.GET("/v3/keys/{key_id}/usage/summary", { params, signal }));
    },
  });

export const reportQuery = queryOptions({
  queryKey: ["keys", "report"],
  queryFn: ({ signal }) => answerOf(server.GET("/v3/keys/report", { signal })),
});

export const tenantQuery = queryOptions({
  queryKey: ["tenant"],
  queryFn: ({ signal }) => answerOf(server.GET("/v3/tenant", { signal })),
});

export const accountsQuery = queryOptions({
  queryKey: ["service-accounts"],
  queryFn: ({ signal }) =>
    answerOf(server.GET("/v3/service-accounts", { params: { query: { limit: "200" } }, signal })),
});
