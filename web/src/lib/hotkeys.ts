/** Shortcuts of one key or two in turn, which stay silent while somebody types and can be switched off (WCAG 2.1.4). */

import { useEffect } from "react";
import { readItem, writeItem } from "./storage";

const ITEM = "cybervault:shortcuts";
const TYPING = "input, textarea, select, [contenteditable], [role=listbox], [role=dialog], [role=menu]";
const BETWEEN_KEYS_MILLISECONDS = 1200;

export function areHotkeysOn(): boolean {
  return readItem(ITEM) !== "off";
}

export function setHotkeysOn(isOn: boolean): void {
  writeItem(ITEM, isOn ? null : "off");
}

function isForOthers(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  return event.target instanceof Element && event.target.closest(TYPING) !== null;
}

/** `actions` by key, as "?", or by two keys pressed one after the other, as "g t". */
export function useHotkeys(actions: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    let first = { key: "", at: 0 };
    const listen = (event: KeyboardEvent) => {
      if (isForOthers(event)) return;
      const isSecond = event.timeStamp - first.at < BETWEEN_KEYS_MILLISECONDS;
      const action = (isSecond ? actions[`${first.key} ${event.key}`] : undefined) ?? actions[event.key];
      first = { key: event.key, at: event.timeStamp };
      if (action === undefined || !areHotkeysOn()) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [actions]);
}
