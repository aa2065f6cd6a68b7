/** Adds each finished analysis to the list of recent observables. */

import { useEffect, useState } from "react";
import { type Recent, readRecent, withRecent, writeRecent } from "../../lib/recent";
import type { Analysis } from "./state";

export function useRecent(analysis: Analysis): { recent: Recent[]; clear: () => void } {
  const [recent, setRecent] = useState(readRecent);
  const { phase, meta, score, narrative } = analysis;
  const hasEnded = (phase === "done" || phase === "error") && (score?.isFinal === true || phase === "done");
  useEffect(() => {
    if (!hasEnded || meta === null || meta.kind === null) return;
    const item: Recent = {
      value: meta.value,
      kind: meta.kind,
      verdict: score?.verdict ?? narrative?.verdict ?? "unknown",
      score: score?.score ?? null,
      at: Date.now(),
    };
    // Read again: another tab may have added to the list.
    const items = withRecent(readRecent(), item);
    writeRecent(items);
    setRecent(items);
  }, [hasEnded, meta, score, narrative]);
  const clear = () => {
    writeRecent([]);
    setRecent([]);
  };
  return { recent, clear };
}
