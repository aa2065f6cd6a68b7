/** What the page of rules asks the server. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answerOf, server } from "../../../api/server";
import { from, PAGING } from "../More";
import type { Question } from "./rules";

export const rulesQuery = (question: Question) =>
  infiniteQueryOptions({
    queryKey: ["rules", "list", question],
    queryFn: ({ pageParam, signal }) =>
      answerOf(server.GET("/v3/detection/rules", { params: { query: { ...question, ...from(pageParam) } }, signal })),
    ...PAGING,
  });

export const ruleQuery = (id: string) =>
  queryOptions({
    queryKey: ["rules", "one", id],
    queryFn: ({ signal }) =>
      answerOf(server.GET("/v3/detection/rules/{rule_id}", { params: { path: { rule_id: id } }, signal })),
  });

export const profileQuery = queryOptions({
  queryKey: ["rules", "profile"],
  queryFn: ({ signal }) => answerOf(server.GET("/v3/detection/profile", { signal })),
});

export const filtersQuery = queryOptions({
  queryKey: ["rules", "filters"],
  queryFn: ({ signal }) => answerOf(server.GET("/v3/detection/filters", { signal })),
});
