/** The user's own source keys: kept in this browser, read again for every analysis, sent as headers of it alone. */

import { readItem, readJson, writeItem } from "./storage";

export const KEY_OWNERS = ["openrouter", "virustotal", "abuseipdb", "polyswarm"] as const;
export type KeyOwner = (typeof KEY_OWNERS)[number];
export type Keys = Record<KeyOwner, string>;

export const KEYS_ITEM = "ctai_api_keys";
export const KEYS_CHANGED = "cybervault:keys";

const HEADER_OF: Record<KeyOwner, string> = {
  openrouter: "X-OpenRouter-Key",
  virustotal: "X-VT-Key",
  abuseipdb: "X-AbuseIPDB-Key",
  polyswarm: "X-Polyswarm-Key",
};

export const NO_KEYS: Keys = { openrouter: "", virustotal: "", abuseipdb: "", polyswarm: "" };

/** Whether a header can carry the key: printable ASCII without blanks. */
export function isSendable(key: string): boolean {
  return /^[\x21-\x7e]*$/.test(key);
}

function parseKeys(stored: unknown): Keys {
  if (typeof stored !== "object" || stored === null) return NO_KEYS;
  const keys = { ...NO_KEYS };
  for (const owner of KEY_OWNERS) {
    const value = (stored as Record<string, unknown>)[owner];
    if (typeof value === "string") keys[owner] = value.trim();
  }
  return keys;
}

/** Keys kept for this tab alone win over the browser's; broken content counts as empty. */
export function readKeys(): Keys {
  return parseKeys(readJson(KEYS_ITEM, "session") ?? readJson(KEYS_ITEM));
}

export function areForThisTab(): boolean {
  return readItem(KEYS_ITEM, "session") !== null;
}

export function hasKeys(keys: Keys): boolean {
  return KEY_OWNERS.some((owner) => keys[owner] !== "");
}

/** Saving in one place empties the other, so that a key never stays behind where the user does not look. */
export function saveKeys(keys: Keys, isForThisTab: boolean): boolean {
  const text = JSON.stringify(parseKeys(keys));
  const isSaved = isForThisTab
    ? writeItem(KEYS_ITEM, text, "session") && writeItem(KEYS_ITEM, null)
    : writeItem(KEYS_ITEM, null, "session") && writeItem(KEYS_ITEM, text);
  window.dispatchEvent(new Event(KEYS_CHANGED));
  return isSaved;
}

export function clearKeys(): boolean {
  return saveKeys(NO_KEYS, false);
}

/** The headers of an analysis request: only keys that are set. */
export function keyHeaders(keys: Keys): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const owner of KEY_OWNERS) {
    if (keys[owner] !== "" && isSendable(keys[owner])) headers[HEADER_OF[owner]] = keys[owner];
  }
  return headers;
}
