/** What an assessment is called and of what sort it is; its evidence side by side with another's; its days. */

import { defang } from "../../lib/defang";
import { KINDS, type Kind } from "../../lib/detect";
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
  return `${assessment.target.slice(0, SHORT_CHARACTERS)}…`;
}

export type Change = "new" | "gone" | "more" | "less" | "same";

export interface Line {
  key: string;
  source: string;
  name: string;
  before: number | null;
  after: number | null;
  change: Change;
}

/** The evidence of both, source by source, what changed most first. */
export function compared(before: Assessment, after: Assessment): Line[] {
  const isSame = before.target === after.target;
  const [old, now] = [factsOf(before, isSame), factsOf(after, isSame)];
  const lines = [...new Set([...old.keys(), ...now.keys()])].map((key): Line => {
    const [one, other] = [old.get(key), now.get(key)];
    const { source, name } = (other ?? one) as Fact;
    const [was, is] = [one?.points ?? null, other?.points ?? null];
    return { key, source, name, before: was, after: is, change: changeOf(was, is) };
  });
  const weight = ({ before: was, after: is, change }: Line) =>
    change === "same" ? -1 : Math.abs((is ?? 0) - (was ?? 0));
  return lines.sort((one, other) => weight(other) - weight(one));
}

interface Fact {
  source: string;
  name: string;
  points: number;
}

/** Of a record what spoke against it besides; facts of its observables by name only where both are of one target. */
function factsOf(assessment: Assessment, isSame: boolean): Map<string, Fact> {
  const facts = new Map<string, Fact>();
  const isRecord = kindOf(assessment) === undefined;
  for (const { value, evidence } of assessment.indicators) {
    const of = isSame && isRecord ? `${defang(value)}: ` : "";
    for (const { source, name, points } of evidence) {
      const key = `${of}${source} ${name}`;
      facts.set(key, { source, name: of + labelName(name), points: (facts.get(key)?.points ?? 0) + points });
    }
  }
  if (!isRecord) return facts;
  const titles = new Map(assessment.detections.map((rule) => [`rule_${rule.rule_id}`, rule.title]));
  for (const { name, points } of assessment.reasons) {
    facts.set(` ${name}`, { source: "", name: titles.get(name) ?? labelName(name), points });
  }
  return facts;
}

// What differs by less is the age of a fact, not what it says.
const SAME_WITHIN = 0.1;

function changeOf(was: number | null, is: number | null): Change {
  if (was === null) return "new";
  if (is === null) return "gone";
  if (Math.abs(is - was) < SAME_WITHIN) return "same";
  return Math.abs(is) > Math.abs(was) ? "more" : "less";
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
export function timelineOf(assessments: readonly Assessment[]): Timeline {
  const dates = assessments.map(({ created_at: at }) => at.slice(0, 10)).sort();
  const days = daysBetween(dates.at(0), dates.at(-1));
  const place = new Map(days.map((day, at) => [day, at]));
  const total = days.map(() => 0);
  const rows = new Map<string, number[]>();
  for (const assessment of assessments) {
    const at = place.get(assessment.created_at.slice(0, 10));
    if (at === undefined) continue;
    total[at] = (total[at] ?? 0) + 1;
    for (const name of behavioursOf(assessment)) {
      const counts = rows.get(name) ?? days.map(() => 0);
      counts[at] = (counts[at] ?? 0) + 1;
      rows.set(name, counts);
    }
  }
  const sum = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0);
  const sorted = [...rows].sort(([, one], [, other]) => sum(other) - sum(one));
  return { days, rows: sorted.map(([name, counts]) => ({ name, counts })), total };
}

function behavioursOf({ reasons, detections }: Assessment): Set<string> {
  const titles = new Map(detections.map((rule) => [`rule_${rule.rule_id}`, rule.title]));
  return new Set(reasons.map(({ name }) => titles.get(name) ?? labelName(name)));
}

function daysBetween(first: string | undefined, last: string | undefined): string[] {
  if (first === undefined || last === undefined) return [];
  const end = Date.parse(last);
  const count = Math.min(DAYS_MAX, Math.round((end - Date.parse(first)) / DAY_MILLISECONDS) + 1);
  return Array.from({ length: count }, (_, at) =>
    new Date(end - (count - 1 - at) * DAY_MILLISECONDS).toISOString().slice(0, 10),
  );
}
