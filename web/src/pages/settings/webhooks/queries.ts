/** What the pages of webhooks ask the server, each question once. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answerOf, server } from "../../../api/server";
import { from, PAGING } from "../More";
import type { Delivery } from "./webhooks";

// How a webhook stands changes by what happens, not by who looks.
const CALM_MILLISECONDS = 30_000;
const BUSY_MILLISECONDS = 3_000;

export const webhooksQuery = queryOptions({
  queryKey: ["webhooks", "list"],
  // A tenant has at most twenty: one page holds them all.
  queryFn: ({ signal }) => answerOf(server.GET("/v3/webhooks", { params: { query: { limit: "200" } }, signal })),
  refetchInterval: CALM_MILLISECONDS,
});

export const webhookQuery = (id: string) =>
  queryOptions({
    queryKey: ["webhooks", "one", id],
    queryFn: ({ signal }) =>
      answerOf(server.GET("/v3/webhooks/{webhook_id}", { params: { path: { webhook_id: id } }, signal })),
    refetchInterval: CALM_MILLISECONDS,
  });

export const deliveriesQuery = (id: string, state: Delivery["state"] | undefined) =>
  infiniteQueryOptions({
    queryKey: ["webhooks", "deliveries", id, state],
    queryFn: ({ pageParam, signal }) =>
      answerOf(
        server.GET("/v3/webhooks/{webhook_id}/deliveries", {
          params: {
            path: { webhook_id: id },
            query: { ...(state === undefined ? {} : { state }), ...from(pageParam) },
          },
          signal,
        }),
      ),
    ...PAGING,
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some((page) => page.data.some(isDue)) ? BUSY_MILLISECONDS : CALM_MILLISECONDS,
  });

export const deliveryQuery = (id: string, deliveryId: string) =>
  queryOptions({
    queryKey: ["webhooks", "delivery", id, deliveryId],
    queryFn: ({ signal }) =>
      answerOf(
        server.GET("/v3/webhooks/{webhook_id}/deliveries/{delivery_id}", {
          params: { path: { webhook_id: id, delivery_id: deliveryId } },
          signal,
        }),
      ),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && isDue(data) ? BUSY_MILLISECONDS : CALM_MILLISECONDS,
  });

/** Whether the next attempt is a matter of seconds, by this clock. */
function isDue({ next_attempt_at: next }: Delivery): boolean {
  return next !== null && Date.parse(next) - Date.now() < 60_000;
}
