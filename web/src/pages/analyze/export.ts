/** The result as a JSON document that says everything the page says. */

import type { Analysis } from "./state";

export function exportName(analysis: Analysis): string {
  const value = (analysis.meta?.value ?? analysis.asked).replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 80);
  return `cybervault-${value}.json`;
}

export function exportOf(analysis: Analysis, now: Date): unknown {
  const { meta, score, sources, warnings, text, narrative, disagrees, milliseconds, failure } = analysis;
  return {
    format: "cybervault.analysis/1",
    exported_at: now.toISOString(),
    request_id: meta?.requestId ?? null,
    observable: meta === null ? null : { kind: meta.kind, value: meta.value, defanged: meta.defanged },
    score,
    sources: sources.map(({ name, title, homepage, state, report }) => ({ ...report, name, title, homepage, state })),
    warnings,
    narrative: text === "" ? null : { model: analysis.model, text, ...narrative, disagrees },
    milliseconds,
    failure,
  };
}
