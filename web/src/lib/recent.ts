/** The observables looked at last, kept in this browser only. */

import type { Verdict } from "../api/events";
import { KINDS, type Kind } from "./detect";
import { readJson, writeItem } from "./storage";

export const RECENT_MAX = 20;
const ITEM = "cybervault:recent";
const VERDICTS: readonly Verdict[] = ["malicious", "suspicious", "benign", "unknown"];

export interface Recent {
  value: string;
  kind: Kind;
  verdict: Verdict;
  score: number | null;
  /** Milliseconds since 1970. */
  at: number;
}

function parseRecent(stored: unknown): Recent | null {
  if (typeof stored !== "object" || stored === null) return null;
  const { value, kind, verdict, score, at } = stored as Record<string, unknown>;
  const isWhole =
    typeof value === "string" &&
    value !== "" &&
    KINDS.includes(kind as Kind) &&
    VERDICTS.includes(verdict as Verdict) &&
    (score === null || typeof score === "number") &&
    typeof at === "number";
  return isWhole ? { value, kind: kind as Kind, verdict: verdict as Verdict, score, at } : null;
}

export function readRecent(): Recent[] {
  const stored = readJson(ITEM);
  if (!Array.isArray(stored)) return [];
  return stored
    .map(parseRecent)
    .filter((item) => item !== null)
    .slice(0, RECENT_MAX);
}

/** Newest first, each observable once. */
export function withRecent(items: readonly Recent[], item: Recent): Recent[] {
  return [item, ...items.filter((other) => other.value !== item.value)].slice(0, RECENT_MAX);
}

export function writeRecent(items: readonly Recent[]): void {
  writeItem(ITEM, items.length === 0 ? null : JSON.stringify(items));
}
