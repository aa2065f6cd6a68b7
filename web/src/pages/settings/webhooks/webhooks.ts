/** What is known of webhooks without asking: what can be sent, and how each stands. */

import type { Shapes } from "../../../api/server";
import type { Tone } from "../../../kit/Tags";

export type Webhook = Shapes["WebhookReply"];
/** Carries the secret: never kept anywhere but in the state of the page that shows it. */
export type MintedWebhook = Shapes["MintedWebhookReply"];
export type WebhookEvent = Webhook["events"][number];
export type Delivery = Shapes["DeliveryReply"];
export type DeliveryDetails = Shapes["DeliveryDetails"];

export const EVENTS = [
  "scan.started",
  "scan.progress",
  "scan.completed",
  "scan.failed",
  "scan.timed_out",
  "scan.cancelled",
  "finding.opened",
  "finding.resolved",
  "threat.detected",
] as const satisfies readonly WebhookEvent[];

/** What a new one is sent unless told otherwise: all but what comes many times for each scan. */
export const USUAL_EVENTS: readonly WebhookEvent[] = EVENTS.filter((event) => event !== "scan.progress");

export const STATUS_TONE: Record<Webhook["status"], Tone> = {
  active: "good",
  failing: "warn",
  disabled: "bad",
  off: "plain",
};
export const DELIVERY_STATES = ["pending", "delivered", "failed"] as const satisfies readonly Delivery["state"][];
export const DELIVERY_TONE: Record<Delivery["state"], Tone> = { pending: "busy", delivered: "good", failed: "bad" };

export const OVERLAPS = ["24", "72", "168", "0"] as const;
export type Overlap = (typeof OVERLAPS)[number];

/** Where it leads, short enough to be read and typed; the path may be a secret of the receiver's. */
export function hostOf({ url }: Pick<Webhook, "url">): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

export function nameOf(webhook: Pick<Webhook, "url" | "description">): string {
  return webhook.description || hostOf(webhook);
}

/** Whether anything is sent there now; where not, nothing can be sent again either. */
export function isSentTo({ status }: Pick<Webhook, "status">): boolean {
  return status === "active" || status === "failing";
}
