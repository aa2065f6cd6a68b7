/** What is asked of the server about actions. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, server } from "../../api/server";

/** All types of actions with what else they touch; it changes with the server's settings only. */
export const catalogueQuery = queryOptions({
  queryKey: ["response", "catalogue"],
  queryFn: ({ signal }) => answerOf(server.GET("/v3/response/catalogue", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});
