/** Single-key shortcuts, which stay silent while somebody types and can be switched off (WCAG 2.1.4). */

import { useEffect } from "react";
import { readItem, writeItem } from "./storage";

const ITEM = "cybervault:shortcuts";
const TYPING = "input, textarea, select, [contenteditable], [role=listbox], [role=dialog]";

export function areHotkeysOn(): boolean {
  return readItem(ITEM) !== "off";
}

export function setHotkeysOn(isOn: boolean): void {
  writeItem(ITEM, isOn ? null : "off");
}

export function useHotkeys(actions: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target instanceof Element && event.target.closest(TYPING) !== null) return;
      const action = actions[event.key];
      if (action === undefined || !areHotkeysOn()) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [actions]);
}
