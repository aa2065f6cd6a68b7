/** What an assessment is called and of what sort it is; its days. */

import { defang } from "../../lib/defang";
import { KINDS, type Kind } from "../../lib/detect";
import { DETECTION, withoutRuleId } from "../../lib/detections";
import { labelName } from "../../lib/labels";
import type { Assessment } from "../threat/evidence";

const SHORT_CHARACTERS = 12;

/** The kind of the observable that was assessed; undefined for a payload or a record of telemetry. */
export function kindOf({ target_type: type }: Assessment): Kind | undefined {
  return KINDS.find((kind) => kind === type);
}

/** What people call it; harmless to copy. */
export function nameOf(assessment: Assessment): string {
  if (kindOf(assessment) !== undefined) return defang(assessment.target);
  if (assessment.target_type === DETECTION) return withoutRuleId(assessment.target);
  return `${assessment.target.slice(0, SHORT_CHARACTERS)}…`;
}

/** What the rules that fired are called, by the names of what they added. */
export function titlesOf(...assessments: readonly Assessment[]): ReadonlyMap<string, string> {
  return new Map(
    assessments.flatMap(({ detections }) => detections.map((rule) => [`rule_${rule.rule_id}`, rule.title] as const)),
  );
}

export interface Timeline {
  /** Dates, each day from the first to the last. */
  days: string[];
  rows: { name: string; counts: number[] }[];
  total: number[];
}

const DAYS_MAX = 30;
const DAY_MILLISECONDS = 86_400_000;

/** Which behaviour was seen on which day, in UTC: what was seen most first. */
export function timelineOf(assessments: readonly Assessment[], called = labelName): Timeline {
  const dates = assessments.map(({ created_at: at }) => at.slice(0, 10)).sort();
  const days = daysBetween(dates.at(0), dates.at(-1));
  const place = new Map(days.map((day, at) => [day, at]));
  const total = days.map(() => 0);
  const rows = new Map<string, number[]>();
  for (const assessment of assessments) {
    const at = place.get(assessment.created_at.slice(0, 10));
    if (at === undefined) continue;
    total[at] = (total[at] ?? 0) + 1;
    for (const name of behavioursOf(assessment, called)) {
      const counts = rows.get(name) ?? days.map(() => 0);
      counts[at] = (counts[at] ?? 0) + 1;
      rows.set(name, counts);
    }
  }
  const sum = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0);
  const sorted = [...rows].sort(([, one], [, other]) => sum(other) - sum(one));
  return { days, rows: sorted.map(([name, counts]) => ({ name, counts })), total };
}

function behavioursOf(assessment: Assessment, called: (name: string) => string): Set<string> {
  const titles = titlesOf(assessment);
  return new Set(assessment.reasons.map(({ name }) => titles.get(name) ?? called(name)));
}

function daysBetween(first: string | undefined, last: string | undefined): string[] {
  if (first === undefined || last === undefined) return [];
  const end = Date.parse(last);
  const count = Math.min(DAYS_MAX, Math.round((end - Date.parse(first)) / DAY_MILLISECONDS) + 1);
  return Array.from({ length: count }, (_, at) =>
    new Date(end - (count - 1 - at) * DAY_MILLISECONDS).toISOString().slice(0, 10),
  );
}
