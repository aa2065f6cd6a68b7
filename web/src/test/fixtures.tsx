/** Events and components as the tests need them. */

import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { readEvent, type StreamEvent } from "../api/events";
import { LanguageProvider } from "../i18n/language";
import { writeItem } from "../lib/storage";
import { type Analysis, IDLE, reduce } from "../pages/analyze/state";

export function eventOf(name: string, data: unknown): StreamEvent {
  const event = readEvent(name, JSON.stringify(data));
  if (event === null) throw new Error(`unknown event ${name}`);
  return event;
}

export const META = {
  ioc: "203[.]0[.]113[.]42",
  kind: "ipv4",
  type: "IPv4",
  value: "203.0.113.42",
  defanged: "203[.]0[.]113[.]42",
  model: "openrouter/free",
  request_id: "req_1",
  sources: [
    {
      name: "virustotal",
      title: "VirusTotal",
      homepage: "https://www.virustotal.com",
      key: "required",
      state: "pending",
    },
    { name: "abuseipdb", title: "AbuseIPDB", homepage: "", key: "required", state: "pending" },
  ],
};

const TERM = {
  source: "virustotal",
  item: "engines",
  bin: "many",
  field: "data.malicious",
  value: 14,
  weight: 3.1,
  freshness: 0.9,
  share: 1,
  points: 2.79,
  reason: "14 engines call it malicious",
  observed_at: "2026-11-02T10:00:00Z",
};

export const SOURCE = {
  name: "virustotal",
  outcome: "hit",
  state: "data",
  milliseconds: 312,
  cached_seconds: 60,
  labels: [["Country", "NL"]],
  evidence: [{ item: "engines", bin: "many", field: "data.malicious", value: 14 }],
  pivots: ["evil.example.com"],
  warnings: ["Reports are old."],
  document: { malicious: 14 },
};

export const SCORE = {
  score: 64,
  verdict: "suspicious",
  confidence: "medium",
  severity: "medium",
  low: 50,
  high: 80,
  coverage: 0.5,
  conflict: 0.1,
  prior: -2.2,
  log_odds: 0.59,
  summary: "Some engines flag it.",
  terms: [TERM],
  final: true,
  priority: null,
  counterfactuals: ["AbuseIPDB was not asked."],
  weights_version: "1",
};

/** The state after the given events, in order. */
export function analysisAfter(...events: [string, unknown][]): Analysis {
  const started = reduce(IDLE, { step: "start", asked: META.ioc, at: 1000 });
  return events.reduce(
    (state, [name, data]) => reduce(state, { step: "event", event: eventOf(name, data), at: 3500 }),
    started,
  );
}

export function renderIn(language: "es" | "en", children: ReactNode) {
  writeItem("cybervault:language", language);
  return render(<LanguageProvider>{children}</LanguageProvider>);
}
