/** Calls of a key by how they ended and with which of its secrets, as the server counts them. */

import type { Shapes } from "../../../api/server";
import type { Tone } from "../../../kit/Tags";

export type Use = Shapes["UseReply"];
export type Step = Shapes["UsageStepReply"];

/** From the bottom of a bar to its top. */
export const OUTCOMES = ["succeeded", "refused", "faulty", "failed"] as const;
export type Outcome = (typeof OUTCOMES)[number];
export const OUTCOME_TONE: Record<Outcome, Tone> = {
  succeeded: "good",
  refused: "warn",
  faulty: "plain",
  failed: "bad",
};

export const PERIODS = ["hour", "day"] as const;

/** Calls of some steps: those that ended so, those with an older secret, or all. */
export function callsOf(steps: readonly Step[], which: { outcome?: Outcome; isOld?: boolean } = {}): number {
  return steps
    .flatMap(({ counts }) => counts)
    .filter(({ outcome, is_old_secret: isOld }) => {
      return outcome === (which.outcome ?? outcome) && isOld === (which.isOld ?? isOld);
    })
    .reduce((sum, { calls }) => sum + calls, 0);
}
