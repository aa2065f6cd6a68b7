/** What the server knows of this caller and its clock, by which countdowns and expiries are reckoned. */

import { queryOptions, useQuery } from "@tanstack/react-query";
import { answerOf, type Shapes, server } from "../api/server";

interface Whoami extends Pick<Shapes["WhoamiReply"], "address"> {
  /** Milliseconds by which the server's clock is ahead of this one; right to about a second. */
  ahead: number;
}

const whoamiQuery = queryOptions<Whoami>({
  queryKey: ["whoami"],
  queryFn: async ({ signal }) => {
    const asked = Date.now();
    const { now, address } = await answerOf(server.GET("/v3/system/whoami", { signal }));
    return { address, ahead: Date.parse(now) - (asked + Date.now()) / 2 };
  },
  staleTime: 300_000,
});

/** Undefined until the server has answered. */
export function useWhoami(): Whoami | undefined {
  return useQuery(whoamiQuery).data;
}
