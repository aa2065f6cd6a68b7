/** Named views of the list: two that are always there, and those that were saved in this browser. */

import { readJson, writeItem } from "../../lib/storage";
import { OPEN_STATUSES, type ThreatSearch } from "./search";

export interface View {
  name: string;
  search: ThreatSearch;
}

const ITEM = "cybervault:threat-views";
const VIEWS_MAX = 20;
export const NAME_CHARACTERS_MAX = 40;
const FIELDS = ["severity", "status", "type", "technique", "since", "until", "q", "sort"] as const;

export const OPEN: ThreatSearch = { status: OPEN_STATUSES.join(",") };
export const URGENT: ThreatSearch = { severity: "critical,high", ...OPEN };

/** A search without its place in the pages, and without what is not set. */
export function viewOf(search: ThreatSearch): ThreatSearch {
  return Object.fromEntries(FIELDS.flatMap((name) => (search[name] ? [[name, search[name]]] : [])));
}

export function isSameView(one: ThreatSearch, other: ThreatSearch): boolean {
  return FIELDS.every((name) => (one[name] ?? "") === (other[name] ?? ""));
}

export function readViews(): View[] {
  const stored = readJson(ITEM);
  return Array.isArray(stored) ? stored.flatMap(readView).slice(0, VIEWS_MAX) : [];
}

function readView(stored: unknown): View[] {
  const { name, search } = (typeof stored === "object" && stored !== null ? stored : {}) as Record<string, unknown>;
  if (typeof name !== "string" || name.trim() === "" || typeof search !== "object" || search === null) return [];
  const texts = Object.entries(search).filter(([, value]) => typeof value === "string");
  return [{ name: name.slice(0, NAME_CHARACTERS_MAX), search: viewOf(Object.fromEntries(texts)) }];
}

/** A view of the same name is replaced; the newest stands last. */
export function withView(views: readonly View[], view: View): View[] {
  return [...views.filter(({ name }) => name !== view.name), view].slice(-VIEWS_MAX);
}

/** False where the browser did not keep them. */
export function writeViews(views: readonly View[]): boolean {
  return writeItem(ITEM, views.length === 0 ? null : JSON.stringify(views));
}
