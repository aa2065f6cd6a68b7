/** Calls of a key, gathered into equal steps of time by how they ended. */

import type { Shapes } from "../../../api/server";
import type { Tone } from "../../../kit/Tags";

export type Use = Shapes["UseReply"];

/** From the bottom of a bar to its top. */
export const OUTCOMES = ["succeeded", "refused", "faulty", "failed"] as const;
export type Outcome = (typeof OUTCOMES)[number];
export const OUTCOME_TONE: Record<Outcome, Tone> = {
  succeeded: "good",
  refused: "warn",
  faulty: "plain",
  failed: "bad",
};

const REFUSED = new Set([401, 403, 429]);

export function outcomeOf(status: number): Outcome {
  if (status < 400) return "succeeded";
  if (status >= 500) return "failed";
  return REFUSED.has(status) ? "refused" : "faulty";
}

export interface Step {
  /** Milliseconds since 1970, the beginning of the step. */
  at: number;
  counts: Record<Outcome, number>;
  total: number;
}

const MINUTE = 60_000;
const LENGTHS = [1, 5, 15, 60, 180, 360, 720, 1440, 10_080].map((minutes) => minutes * MINUTE);
const STEPS_MAX = 32;

/** Steps without a gap from the oldest call to the newest, as short as fit into the chart. */
export function stepsOf(uses: readonly Use[]): { steps: Step[]; length: number } {
  const times = uses.map(({ at }) => Date.parse(at));
  if (times.length === 0) return { steps: [], length: MINUTE };
  const first = Math.min(...times);
  const last = Math.max(...times);
  const countOf = (length: number) => Math.floor(last / length) - Math.floor(first / length) + 1;
  const length = LENGTHS.find((one) => countOf(one) <= STEPS_MAX) ?? Math.ceil((last - first) / (STEPS_MAX - 1));
  const begin = Math.floor(first / length);
  const steps = Array.from({ length: countOf(length) }, (_, at) => emptyStep((begin + at) * length));
  uses.forEach(({ status }, at) => {
    const step = steps[Math.floor((times[at] ?? first) / length) - begin];
    if (step === undefined) return;
    step.counts[outcomeOf(status)] += 1;
    step.total += 1;
  });
  return { steps, length };
}

function emptyStep(at: number): Step {
  return { at, counts: { succeeded: 0, refused: 0, faulty: 0, failed: 0 }, total: 0 };
}
