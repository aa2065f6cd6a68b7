/** What came of a batch, made ready to be shown: bars of time, why a rule fired, an event field by field. */

import type { Shapes } from "../../api/server";
import { defang, defangUrls } from "../../lib/defang";
import { detect } from "../../lib/detect";

export type Tally = Shapes["TallyReply"];
export type Rule = Shapes["FiredReply"];
export type Match = Shapes["MatchReply"];
export type Part = Shapes["PartReply"];
type Timeline = Shapes["TimelineReply"];

/** The first number of "12,345 events looked at" or "12.345 eventos mirados", as the server says what it does; else null. */
export function eventsIn(doing: string): number | null {
  const found = /^([\d.,]+) event/.exec(doing)?.[1];
  return found === undefined ? null : Number(found.replaceAll(/[.,]/g, ""));
}

/** Events a second between the first and the last time that a number was told; null while that says nothing. */
export function speedOf(told: readonly { at: number; events: number }[]): number | null {
  const [first, last] = [told[0], told.at(-1)];
  if (first === undefined || last === undefined || last.at <= first.at) return null;
  return ((last.events - first.events) * 1000) / (last.at - first.at);
}

export function rulesWith(rules: readonly Rule[], technique: string | undefined): readonly Rule[] {
  return technique === undefined ? rules : rules.filter((rule) => rule.mitre_attack.includes(technique));
}

export const LEVELS = ["critical", "high", "medium", "low", "info"] as const;

export interface Bar {
  at: string;
  counts: Record<(typeof LEVELS)[number], number>;
  total: number;
}

const BARS_MOST = 60;
const LENGTHS = [1, 10, 60, 600, 3600, 21_600, 86_400, 604_800];

/** Few enough bars of one length from the first match to the last, those without a match too. */
export function barsOf({ step_seconds: step, steps }: Timeline): { seconds: number; bars: Bar[] } {
  const times = steps.map(({ at }) => Date.parse(at) / 1000);
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return { seconds: step, bars: [] };
  let seconds = step;
  while ((last - first) / seconds >= BARS_MOST) {
    const before = seconds;
    seconds = LENGTHS.find((length) => length > before) ?? before * 10;
  }
  const begin = Math.floor(first / seconds);
  const bars = Array.from({ length: Math.floor(last / seconds) - begin + 1 }, (_, at): Bar => {
    const counts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
    return { at: new Date((begin + at) * seconds * 1000).toISOString(), counts, total: 0 };
  });
  steps.forEach((moment, place) => {
    const bar = bars[Math.floor((times[place] ?? 0) / seconds) - begin];
    if (bar === undefined) return;
    for (const level of LEVELS) {
      bar.counts[level] += moment[level];
      bar.total += moment[level];
    }
  });
  return { seconds, bars };
}

/** What the event said that made it fire: each question that was answered with yes and counts for the whole. */
export function reasonsIn(part: Part): Part[] {
  if (part.outcome !== "true" || part.sign === "not") return [];
  return part.sign === "asks" ? [part] : part.of.flatMap(reasonsIn);
}

/** What would have excluded it, and what the event said of that. */
export function exclusionsIn(part: Part): { name: string | null; outcome: Part["outcome"] }[] {
  if (part.sign === "not") return part.of.map(({ name, outcome }) => ({ name: name ?? part.name, outcome }));
  return part.of.flatMap(exclusionsIn);
}

export interface Field {
  path: string;
  /** The last part of the path, by which rules ask for it. */
  name: string;
  value: string;
}

/** The JSON of an event; numbers that would be rounded stay as they are written, where the browser tells that. */
export function read(event: string): unknown {
  const exact = (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) ? (context?.source ?? value) : value;
  return JSON.parse(event, exact) as unknown;
}

/** An event as fields with their values, as deep as it goes. */
export function fieldsOf(event: unknown, path = ""): Field[] {
  if (Array.isArray(event) && event.every((part) => typeof part !== "object" || part === null)) {
    return [{ path, name: nameIn(path), value: event.join(", ") }];
  }
  if (typeof event === "object" && event !== null) {
    return Object.entries(event).flatMap(([name, value]) => fieldsOf(value, path === "" ? name : `${path}.${name}`));
  }
  return [{ path, name: nameIn(path), value: event === null ? "" : String(event) }];
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

const ADDRESS_IN_TEXT = /\b(?:\d{1,3}\.){3}\d{1,3}\b/g;
/** Ends of file names, which look like names of domains. */
const FILE_ENDS =
  /\.(?:exe|dll|sys|evtx|ps1|psm1|bat|cmd|vbs|js|txt|log|dat|tmp|xml|json|ini|mui|lnk|msi|doc|xls|pdf|zip)\w?$/i;

/** A value that can be read and passed on without harm. */
export function harmless(value: string): string {
  const kind = detect(value)?.kind;
  const isWhole =
    kind === "ipv4" || kind === "email" || kind === "url" || (kind === "domain" && !FILE_ENDS.test(value));
  if (isWhole) return defang(value);
  return defangUrls(value).replace(ADDRESS_IN_TEXT, (address) => address.replaceAll(".", "[.]"));
}

/** A value cut where a pattern stands in it, in any case of its letters; without a pattern in it, one piece. */
export function cutAt(value: string, pattern: string): readonly [string, string, string] {
  const at = pattern === "" ? -1 : value.toLowerCase().indexOf(pattern.toLowerCase());
  if (at < 0) return [value, "", ""];
  return [value.slice(0, at), value.slice(at, at + pattern.length), value.slice(at + pattern.length)];
}

/** A layer for the ATT&CK Navigator, in its format 4.5: how many matches each technique has. */
export function navigatorLayer(name: string, { techniques, by_rule: rules }: Tally): Record<string, unknown> {
  return {
    name,
    versions: { navigator: "5.1.0", layer: "4.5" },
    domain: "enterprise-attack",
    techniques: techniques.map(({ technique_id: id, count }) => ({
      techniqueID: id,
      score: count,
      comment: rulesWith(rules, id)
        .map(({ title, level, count: times }) => `${times} x ${title} (${level})`)
        .join("\n"),
      showSubtechniques: true,
    })),
    gradient: {
      colors: ["#fff1b8", "#d4380d"],
      minValue: 0,
      maxValue: Math.max(1, ...techniques.map(({ count }) => count)),
    },
  };
}

/** Whether a threat is the one that a batch opened for a rule on a host or, without one, on a user. */
export function isThreatOf(value: string, { rule, host, user }: Pick<Match, "rule" | "host" | "user">): boolean {
  const whom = host === null ? (user === null ? "" : `, user ${user}`) : `, host ${host}`;
  return value.toLowerCase() === `${rule.title} (${rule.rule_id})${whom}`.toLowerCase();
}
