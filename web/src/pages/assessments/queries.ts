/** What is asked of the server about assessments. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, server } from "../../api/server";
import { assessmentQuery } from "../threats/queries";

const AGAIN_MILLISECONDS = 2000;

/** One that is asked for later is null until it is there, and looked for again. */
export function untilThere(id: string) {
  return queryOptions({
    ...assessmentQuery(id),
    refetchInterval: ({ state }) => (state.data === null ? AGAIN_MILLISECONDS : false),
  });
}

/** Two side by side, in the server's words of what changed; asked for again until both are there. */
export function comparisonQuery(before: string, after: string) {
  return queryOptions({
    queryKey: ["assessments", "compare", before, after],
    queryFn: ({ signal }) =>
      answerOf(server.GET("/v3/threats/assessments/compare", { params: { query: { before, after } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: ({ state }) => (state.data?.evidence === null ? AGAIN_MILLISECONDS : false),
  });
}

/** Newest first; of one target, as many as the server gives at once. */
export function assessmentsQuery(target: string | undefined, cursor?: string, limit = "50") {
  return queryOptions({
    queryKey: ["assessments", "list", target, cursor, limit],
    queryFn: ({ signal }) => {
      const query = { limit, ...(target ? { target } : {}), ...(cursor ? { cursor } : {}) };
      return answerOf(server.GET("/v3/threats/assessments", { params: { query }, signal }));
    },
    refetchOnWindowFocus: false,
  });
}

/** All that are kept of a target, up to 200: what its history and its timeline are made of. */
export function ofTargetQuery(target: string) {
  return assessmentsQuery(target, undefined, "200");
}
