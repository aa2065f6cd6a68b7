/** The browser's storage, which may be forbidden, full or edited by hand: reading and writing never throw. */

/** What this tab looked up: it goes with the session in which that was done. */
export const LOOKUP_ITEM = "cybervault:lookup";

type Place = "local" | "session";

function storeOf(place: Place): Storage | null {
  try {
    return place === "local" ? window.localStorage : window.sessionStorage;
  } catch {
    return null; // the browser forbids storage on this site
  }
}

export function readItem(name: string, place: Place = "local"): string | null {
  return storeOf(place)?.getItem(name) ?? null;
}

/** Null removes the item. False when the browser did not keep it. */
export function writeItem(name: string, value: string | null, place: Place = "local"): boolean {
  const store = storeOf(place);
  if (store === null) return false;
  try {
    if (value === null) store.removeItem(name);
    else store.setItem(name, value);
    return true;
  } catch {
    return false; // quota, or a private window
  }
}

/** The item's JSON value; undefined when it is missing or broken. */
export function readJson(name: string, place: Place = "local"): unknown {
  const text = readItem(name, place);
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
