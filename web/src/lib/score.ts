/** The signs of verdicts and states, and the arithmetic of the account. */

import type { Severity, SourceState, Verdict } from "../api/events";

/** Word first, then sign, then colour: nobody needs to see colours to read a verdict. */
export const VERDICT_GLYPH: Record<Verdict, string> = {
  malicious: "◆",
  suspicious: "▲",
  benign: "✓",
  unknown: "?",
};

export const SEVERITY_GLYPH: Record<Severity, string> = {
  informational: "○",
  low: "○",
  medium: "●",
  high: "▲",
  critical: "◆",
};

export const STATE_GLYPH: Record<SourceState, string> = {
  pending: "…",
  data: "●",
  empty: "○",
  skipped: "–",
  failed: "✕",
};

const HUNDREDTHS = 100;

/**
 * Rounds to hundredths so that the rounded values still add up to the rounded total.
 * Values that never added up stay plainly rounded.
 */
export function roundToSum(values: readonly number[], total: number): number[] {
  const exact = values.map((value) => value * HUNDREDTHS);
  const rounded = exact.map(Math.round);
  const missing = Math.round(total * HUNDREDTHS) - rounded.reduce((sum, value) => sum + value, 0);
  if (Math.abs(missing) <= values.length) {
    const step = Math.sign(missing);
    const byError = exact.map((value, at) => ({ at, error: (value - (rounded[at] ?? 0)) * step }));
    byError.sort((left, right) => right.error - left.error);
    for (const { at } of byError.slice(0, Math.abs(missing))) rounded[at] = (rounded[at] ?? 0) + step;
  }
  return rounded.map((value) => value / HUNDREDTHS || 0); // no minus before zero
}

/** Share of the bar's half, 0 to 100, that a number of points fills. */
export function barPercent(points: number, most: number): number {
  return most <= 0 ? 0 : Math.min(100, (Math.abs(points) / most) * 100);
}
