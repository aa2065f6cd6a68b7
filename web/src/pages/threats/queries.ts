/** What is asked of the server about threats. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, server } from "../../api/server";
import { filterOf, type ThreatSearch, USUAL_SORT } from "./search";

const PAGE_THREATS = 50;

/** One page; rows do not move while somebody reads them, so it is asked for anew only when told to. */
export function threatsQuery(search: ThreatSearch, limit = PAGE_THREATS) {
  return queryOptions({
    queryKey: ["threats", "list", search, limit],
    queryFn: ({ signal }) => {
      const filter = filterOf(search, Date.now());
      const query = {
        limit: String(limit),
        sort: search.sort ?? USUAL_SORT,
        ...(filter ? { filter } : {}),
        ...(search.cursor ? { cursor: search.cursor } : {}),
      };
      return answerOf(server.GET("/v3/threats", { params: { query }, signal }));
    },
    refetchOnWindowFocus: false,
  });
}

/** Threats in numbers, with each of the last days. */
export function summaryQuery(days: string) {
  return queryOptions({
    queryKey: ["threats", "summary", days],
    queryFn: ({ signal }) => answerOf(server.GET("/v3/threats/summary", { params: { query: { days } }, signal })),
    refetchInterval: 60_000,
  });
}

export function threatQuery(id: string) {
  return queryOptions({
    queryKey: ["threats", "one", id],
    queryFn: ({ signal }) =>
      answerOf(server.GET("/v3/threats/{threat_id}", { params: { path: { threat_id: id } }, signal })),
  });
}

export function historyQuery(id: string) {
  return queryOptions({
    queryKey: ["threats", "history", id],
    queryFn: ({ signal }) =>
      answerOf(server.GET("/v3/threats/{threat_id}/history", { params: { path: { threat_id: id } }, signal })),
  });
}

/** The newest assessment of a threat; an assessment never changes. */
export function assessmentQuery(id: string) {
  return queryOptions({
    queryKey: ["assessments", id],
    queryFn: async ({ signal }) => {
      const path = "/v3/threats/assessments/{assessment_id}";
      const found = await answerOf(server.GET(path, { params: { path: { assessment_id: id } }, signal }));
      return "indicators" in found ? found : null;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}
