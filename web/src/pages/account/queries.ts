/** What the member's own page asks the server. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, server } from "../../api/server";

export const factorsQuery = queryOptions({
  queryKey: ["second-factors"],
  queryFn: ({ signal }) => answerOf(server.GET("/api/console/second-factors", { signal })),
});

export const passkeysQuery = queryOptions({
  queryKey: ["passkeys"],
  queryFn: ({ signal }) => answerOf(server.GET("/api/console/passkeys", { signal })),
});
