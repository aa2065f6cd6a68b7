/** How sources stand, as the server tells it without asking them. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, type Shapes, server } from "../../../api/server";
import type { Tone } from "../../../kit/Tags";

export type Source = Shapes["SourceReply"];
export type SourceState = Source["state"];
export type Quota = Source["quotas"][number];

export const STATES = ["ready", "exhausted", "failing", "no_key", "off"] as const satisfies readonly SourceState[];
export const STATE_TONE: Record<SourceState, Tone> = {
  ready: "good",
  exhausted: "warn",
  failing: "bad",
  no_key: "plain",
  off: "plain",
};

export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  queryFn: ({ signal }) => answerOf(server.GET("/v3/system/sources", { signal })),
  refetchInterval: 60_000,
});

/** The quota of which the least is left; none where nothing is counted. */
export function scarcest({ quotas }: Pick<Source, "quotas">): Quota | undefined {
  return [...quotas].sort((one, other) => one.remaining / one.limit - other.remaining / other.limit)[0];
}

/** Those whose quotas are counted, the one with the least left first. */
export function byScarcity(sources: readonly Source[]): { source: Source; quota: Quota }[] {
  return sources
    .flatMap((source) => {
      const quota = scarcest(source);
      return quota === undefined ? [] : [{ source, quota }];
    })
    .sort((one, other) => one.quota.remaining / one.quota.limit - other.quota.remaining / other.quota.limit);
}
