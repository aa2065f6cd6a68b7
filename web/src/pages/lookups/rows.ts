/** What was looked up, in order and as files. */

import type { Verdict } from "../../api/events";
import { csvText } from "../../lib/csv";
import { isOpen, type Progress, type Row } from "./run";

export const VERDICTS = ["malicious", "suspicious", "unknown", "benign"] as const satisfies readonly Verdict[];

/** The worst first; what has no answer last, as it was pasted. */
export function byVerdict(rows: readonly Row[]): Row[] {
  const rank = ({ answer }: Row) => (answer === null ? VERDICTS.length : VERDICTS.indexOf(answer.verdict));
  const score = ({ answer }: Row) => answer?.risk_score ?? 0;
  return [...rows].sort((one, other) => rank(one) - rank(other) || score(other) - score(one));
}

const COLUMNS = [
  "indicator",
  "type",
  "verdict",
  "score",
  "severity",
  "confidence",
  "family",
  "summary",
  "sources",
  "not_heard",
  "assessment_id",
  "assessed_at",
  "error",
] as const;

export function csvOf({ rows, unread }: Progress): string {
  const read = byVerdict(rows).map(({ value, kind, answer, fault }) =>
    answer === null
      ? [value, kind, ...Array.from({ length: 10 }, () => ""), fault ?? "not looked up"]
      : [
          answer.target,
          kind,
          answer.verdict,
          String(answer.risk_score),
          answer.severity,
          String(answer.confidence),
          answer.family ?? "",
          answer.summary,
          answer.sources.join(" "),
          answer.missing.join(" "),
          answer.assessment_id,
          answer.created_at,
          "",
        ],
  );
  const rest = unread.map(({ text, line }) => [
    text,
    ...Array.from({ length: 11 }, () => ""),
    `not read, line ${line}`,
  ]);
  return csvText(COLUMNS, [...read, ...rest]);
}

export function jsonOf({ rows, unread, depth }: Progress, now: Date): unknown {
  return {
    format: "cybervault.lookup/1",
    exported_at: now.toISOString(),
    depth,
    observables: byVerdict(rows).map((row) => ({
      observable: row.answer?.target ?? row.value,
      type: row.kind,
      assessment: row.answer,
      error: isOpen(row) ? "not looked up" : row.fault,
    })),
    not_read: unread,
  };
}
