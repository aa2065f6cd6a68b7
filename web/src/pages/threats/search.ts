/** What the address says of a list of threats, as the server's filter and sort. */

import { detect, type Kind } from "../../lib/detect";
import { wordsIn } from "../../lib/oneOf";

/** As plain texts: lists are words joined by commas. */
export interface ThreatSearch {
  severity?: string | undefined;
  status?: string | undefined;
  type?: string | undefined;
  technique?: string | undefined;
  /** Days back, as "7d", counted from midnight UTC; or a day, as "2027-01-31". */
  since?: string | undefined;
  /** A day that is still shown. */
  until?: string | undefined;
  q?: string | undefined;
  sort?: string | undefined;
  cursor?: string | undefined;
}

export const STATUSES = [
  "new",
  "acknowledged",
  "investigating",
  "mitigated",
  "false_positive",
  "closed",
  "ignored",
] as const;
export type Status = (typeof STATUSES)[number];
export const OPEN_STATUSES: readonly Status[] = ["new", "acknowledged", "investigating"];

export const CATEGORIES = [
  "command_and_control",
  "malware",
  "phishing",
  "ransomware",
  "botnet",
  "scanner",
  "brute_force",
  "spam",
  "anonymizer",
  "unknown",
] as const;

const SORTS = ["created_at", "last_seen_at", "score", "severity"] as const;
export type SortField = (typeof SORTS)[number];
export const USUAL_SORT = "created_at:desc";

const DAY_MILLISECONDS = 86_400_000;

export function sortIn(text: string | undefined): { field: SortField; isDescending: boolean } {
  const [name, direction] = (text ?? USUAL_SORT).split(":");
  const field = SORTS.find((one) => one === name) ?? "created_at";
  return { field, isDescending: direction !== "asc" };
}

/** The first moment of `since`; whole days, so that the pages of a list stay those of one list. */
function startOf(since: string | undefined, now: number): string | null {
  const days = /^(\d{1,3})d$/.exec(since ?? "")?.[1];
  if (days !== undefined) {
    const midnight = now - (now % DAY_MILLISECONDS) - Number(days) * DAY_MILLISECONDS;
    return new Date(midnight).toISOString();
  }
  return isDay(since) ? `${since}T00:00:00Z` : null;
}

function isDay(text: string | undefined): text is string {
  return text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}

const HASHES: ReadonlySet<Kind> = new Set(["md5", "sha1", "sha256", "sha512"]);
const WHOLE: ReadonlySet<Kind> = new Set([...HASHES, "ipv4", "ipv6", "domain", "cve", "email"]);

/** A whole indicator as threats name theirs, as "ip:203.0.113.42"; null for a part of one. */
export function indicatorIn(typed: string): string | null {
  const found = detect(typed.trim());
  if (found === null || !WHOLE.has(found.kind)) return null;
  const value = found.kind === "cve" ? found.value.toUpperCase() : found.value.toLowerCase();
  if (HASHES.has(found.kind)) return `hash:${found.kind}:${value}`;
  return `${found.kind.startsWith("ipv") ? "ip" : found.kind}:${value}`;
}

/** The `filter` of GET /v3/threats; undefined where nothing narrows it. */
export function filterOf(search: ThreatSearch, now: number): string | undefined {
  const filter: Record<string, unknown> = {};
  for (const name of ["severity", "status", "type"] as const) {
    const words = wordsIn(search[name]);
    if (words.length > 0) filter[name] = { in: words };
  }
  const since = startOf(search.since, now);
  const created = {
    ...(since === null ? {} : { gte: since }),
    ...(isDay(search.until) ? { lte: `${search.until}T23:59:59.999Z` } : {}),
  };
  if (Object.keys(created).length > 0) filter.created_at = created;
  if (search.technique) filter.techniques = { contains: search.technique };
  const typed = search.q?.trim() ?? "";
  if (typed !== "") {
    const indicator = indicatorIn(typed);
    if (indicator === null) filter.value = { contains: typed };
    else filter.indicators = { contains: indicator };
  }
  return Object.keys(filter).length === 0 ? undefined : JSON.stringify(filter);
}

/** The forms in which the server writes threats. */
export const EXPORTS = ["csv", "ndjson", "stix"] as const;

/** Where the file of all that is shown lies. */
export function exportPath(search: ThreatSearch, format: (typeof EXPORTS)[number], now: number): string {
  const filter = filterOf(search, now);
  const query = new URLSearchParams({ format, sort: search.sort ?? USUAL_SORT, ...(filter ? { filter } : {}) });
  return `/v3/threats/export?${query}`;
}
