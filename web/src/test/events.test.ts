import { describe, expect, test } from "vitest";
import { readProblem } from "../api/events";
import { eventOf, META, SCORE, SOURCE } from "./fixtures";

describe("reading what the server sends", () => {
  test("a rich meta names its sources", () => {
    const event = eventOf("meta", META);
    expect(event).toMatchObject({
      meta: { kind: "ipv4", value: "203.0.113.42", requestId: "req_1", display: "203.0.113.42" },
    });
    expect(event.event === "meta" && event.meta.sources.map(({ title, homepage }) => [title, homepage])).toEqual([
      ["VirusTotal", "https://www.virustotal.com"],
      ["AbuseIPDB", null],
    ]);
  });

  test("a plain meta is completed by what can be told from the indicator", () => {
    const warnings = [{ source: "Robtex", message: "sin datos", reason: "not_found" }];
    expect(eventOf("meta", { ioc: "example.com", type: "domain", model: "m", warnings })).toMatchObject({
      meta: { kind: "domain", value: "example.com", defanged: "example[.]com", sources: [], warnings },
    });
  });

  test("a source and a score come through whole", () => {
    expect(eventOf("source", SOURCE)).toMatchObject({
      source: { name: "virustotal", title: "virustotal", cachedSeconds: 60, labels: [["Country", "NL"]] },
    });
    expect(eventOf("score", SCORE)).toMatchObject({
      score: { score: 64, isFinal: true, logOdds: 0.59, terms: [{ points: 2.79, observedAt: "2026-11-02T10:00:00Z" }] },
    });
  });

  test("a vulnerability's priority is read, and what is not known stays not known", () => {
    const priority = { is_known_exploited: true, exploit_probability: null, cvss: 9.8 };
    expect(eventOf("score", { ...SCORE, score: null, priority })).toMatchObject({
      score: { score: null, priority: { isKnownExploited: true, exploitProbability: null, cvss: 9.8 } },
    });
  });

  test("words and shapes that we do not know become harmless ones", () => {
    expect(eventOf("score", { verdict: "evil", terms: [1, null, { points: "x" }], score: "9" })).toMatchObject({
      score: { verdict: "unknown", score: null, terms: [{ points: 0 }] },
    });
    expect(eventOf("source", { name: "x", state: "odd", labels: [["a"], "b", ["c", 3]] })).toMatchObject({
      source: { state: "failed", labels: [["c", "3"]] },
    });
    expect(eventOf("done", { narrative: { verdict: "odd" } })).toMatchObject({
      narrative: { verdict: null, confidence: null },
    });
  });

  test("a problem without stage and type is one of unknown origin", () => {
    expect(readProblem({ error: "x", stage: "moon" })).toEqual({ error: "x", stage: "unknown", errorType: "unknown" });
    expect(readProblem("text")).toEqual({ error: "", stage: "unknown", errorType: "unknown" });
  });
});
