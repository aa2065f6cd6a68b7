/** What is asked of the server about batches of telemetry. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answerOf, server } from "../../api/server";
import { from, PAGING } from "../settings/More";
import { isOpen } from "./batches";

const OPEN_MILLISECONDS = 1_000;
const QUIET_MILLISECONDS = 30_000;

export const batchesQuery = infiniteQueryOptions({
  queryKey: ["telemetry", "list"],
  queryFn: ({ signal, pageParam }) =>
    answerOf(server.GET("/v3/telemetry", { params: { query: from(pageParam) }, signal })),
  ...PAGING,
  refetchInterval: ({ state: { data } }) =>
    data?.pages.some((page) => page.data.some(({ state }) => isOpen(state))) ? OPEN_MILLISECONDS : QUIET_MILLISECONDS,
});

/** One that has ended never changes. */
export function batchQuery(id: string) {
  return queryOptions({
    queryKey: ["telemetry", "one", id],
    queryFn: ({ signal }) =>
      answerOf(server.GET("/v3/telemetry/{batch_id}", { params: { path: { batch_id: id } }, signal })),
    refetchInterval: ({ state: { data } }) => (data === undefined || isOpen(data.state) ? OPEN_MILLISECONDS : false),
    refetchOnWindowFocus: false,
  });
}

/** The matches of one rule, or of all, in the order of the batch. */
export function matchesQuery(id: string, ruleId?: string) {
  return infiniteQueryOptions({
    queryKey: ["telemetry", "matches", id, ruleId],
    queryFn: ({ signal, pageParam }) => {
      const query = { ...from(pageParam), ...(ruleId === undefined ? {} : { rule_id: ruleId }) };
      const path = "/v3/telemetry/{batch_id}/matches";
      return answerOf(server.GET(path, { params: { path: { batch_id: id }, query }, signal }));
    },
    ...PAGING,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

const IDS_MOST = 50;

/** The threats that a batch opened or saw again; asked for in as many calls as a list of ids takes. */
export function threatsOfQuery(ids: readonly string[]) {
  return queryOptions({
    queryKey: ["threats", "of", ids],
    queryFn: async ({ signal }) => {
      const cuts = Array.from({ length: Math.ceil(ids.length / IDS_MOST) }, (_, at) => at * IDS_MOST);
      const pages = await Promise.all(
        cuts.map((begin) => {
          const filter = JSON.stringify({ id: { in: ids.slice(begin, begin + IDS_MOST) } });
          const query = { filter, limit: String(IDS_MOST) };
          return answerOf(server.GET("/v3/threats", { params: { query }, signal }));
        }),
      );
      return pages.flatMap(({ data }) => data);
    },
    enabled: ids.length > 0,
  });
}

/** Why a rule fires on an event: the same answer for as long as the rule is. The JSON of the event goes as it came. */
export function whyQuery(ruleId: string, event: string) {
  return queryOptions({
    queryKey: ["telemetry", "why", ruleId, event],
    queryFn: ({ signal }) => {
      const bodySerializer = () => `{"rule_id":${JSON.stringify(ruleId)},"event":${event}}`;
      const body = { rule_id: ruleId, event: {} };
      return answerOf(server.POST("/v3/telemetry/explain", { body, bodySerializer, signal }));
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}
