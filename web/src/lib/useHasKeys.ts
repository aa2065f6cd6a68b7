/** Whether any own key is set, also after a change in another tab. */

import { useSyncExternalStore } from "react";
import { hasKeys, KEYS_CHANGED, readKeys } from "./keys";

function subscribe(changed: () => void): () => void {
  window.addEventListener(KEYS_CHANGED, changed);
  window.addEventListener("storage", changed);
  return () => {
    window.removeEventListener(KEYS_CHANGED, changed);
    window.removeEventListener("storage", changed);
  };
}

export function useHasKeys(): boolean {
  return useSyncExternalStore(subscribe, () => hasKeys(readKeys()));
}
