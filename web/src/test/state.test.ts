import { describe, expect, test } from "vitest";
import { linesOf } from "../pages/analyze/Account";
import { exportName, exportOf } from "../pages/analyze/export";
import {
  type Analysis,
  IDLE,
  isBusy,
  isFailureOfModel,
  isModelMissing,
  reduce,
  tally,
  warningLines,
} from "../pages/analyze/state";
import { analysisAfter, eventOf, META, SCORE, SOURCE } from "./fixtures";

const RICH: [string, unknown][] = [
  ["meta", META],
  ["source", SOURCE],
  ["score", SCORE],
  ["warning", { source: "AbuseIPDB", message: "m", reason: "invalid_api_key", outcome: "no_key" }],
];

describe("one analysis", () => {
  test("a rich stream fills the cards in their announced places", () => {
    const late = { ...SOURCE, name: "late", title: "Late source" };
    const state = analysisAfter(["meta", META], ["source", { ...SOURCE, name: "abuseipdb" }], ["source", late]);
    expect(state.sources.map(({ name, title, state: told }) => [name, title, told])).toEqual([
      ["virustotal", "VirusTotal", "pending"],
      ["abuseipdb", "AbuseIPDB", "data"],
      ["late", "Late source", "data"],
    ]);
    expect(tally(state.sources)).toEqual({ asked: 3, withData: 2, empty: 0, skipped: 0, failed: 0, pending: 1 });
  });

  test("a rich stream ends with text, opinion and disagreement", () => {
    const state = analysisAfter(
      ...RICH,
      ["model", { model: "routed/model" }],
      ["chunk", { content: "Hola " }],
      ["chunk", { content: "mundo" }],
      ["done", { done: true, narrative: { verdict: "benign", confidence: "low" }, disagrees: true, milliseconds: 900 }],
    );
    expect(state).toMatchObject({
      phase: "done",
      model: "routed/model",
      text: "Hola mundo",
      narrative: { verdict: "benign", confidence: "low" },
      disagrees: true,
      milliseconds: 900,
      failure: null,
    });
  });

  test("a plain stream is read by the same function", () => {
    const warnings = [
      { source: "VirusTotal", message: "m", reason: "invalid_api_key" },
      { source: "Robtex", message: "m", reason: "not_found" },
    ];
    const state = analysisAfter(
      ["meta", { ioc: "example.com", type: "domain", model: "asked", warnings }],
      ["chunk", { content: "x" }],
      ["done", { done: true }],
    );
    expect(state).toMatchObject({ phase: "done", model: "asked", text: "x", score: null, sources: [], warnings });
  });

  test("the phases follow the contract: idle, analyzing, streaming, done", () => {
    const phases = [IDLE.phase];
    let state: Analysis = reduce(IDLE, { step: "start", asked: "a", at: 0 });
    phases.push(state.phase);
    for (const [name, data] of [...RICH, ["chunk", { content: "x" }], ["done", {}]] as [string, unknown][]) {
      state = reduce(state, { step: "event", event: eventOf(name, data), at: 1 });
      if (phases.at(-1) !== state.phase) phases.push(state.phase);
    }
    expect(phases).toEqual(["idle", "analyzing", "streaming", "done"]);
    expect(isBusy(state)).toBe(false);
  });

  test("an error after chunks keeps text and score and is the model's", () => {
    const state = analysisAfter(...RICH, ["chunk", { content: "x" }], ["error", { error: "roto", stage: "unknown" }]);
    expect(state).toMatchObject({ phase: "error", text: "x", failure: { where: "unknown", serverText: "roto" } });
    expect(isFailureOfModel(state)).toBe(true);
    expect(isFailureOfModel({ ...state, score: null })).toBe(false);
    expect(isFailureOfModel({ ...state, meta: null })).toBe(false);
  });

  test("a server that does not count the time is counted by the page", () => {
    expect(analysisAfter(...RICH, ["done", {}]).milliseconds).toBe(2500);
  });

  test("nothing changes after the end or a stop", () => {
    const done = analysisAfter(...RICH, ["done", {}]);
    expect(reduce(done, { step: "event", event: eventOf("chunk", { content: "late" }), at: 1 })).toBe(done);
    expect(reduce(done, { step: "fail", failure: { where: "network", serverText: "" } })).toBe(done);
    const stopped = reduce(analysisAfter(...RICH), { step: "stop" });
    expect(stopped).toMatchObject({ phase: "stopped", score: { score: 64 } });
    expect(reduce(stopped, { step: "stop" })).toBe(stopped);
  });

  test("a new start forgets everything but the count", () => {
    const again = reduce(analysisAfter(...RICH), { step: "start", asked: "b", at: 7 });
    expect(again).toEqual({ ...IDLE, run: 2, phase: "analyzing", asked: "b", startedAt: 7 });
    expect(reduce(again, { step: "reset" })).toEqual({ ...IDLE, run: 2 });
  });

  test("warnings fall into two lines, and the model's is kept apart", () => {
    const { warnings } = analysisAfter(
      ...RICH,
      ["warning", { source: "RDAP", message: "m", reason: "api_unavailable", outcome: "timeout" }],
      ["warning", { source: "AI", message: "m", reason: "not_configured" }],
    );
    const { badKey, noData } = warningLines(warnings);
    expect(badKey.map(({ source }) => source)).toEqual(["AbuseIPDB"]);
    expect(noData.map(({ source }) => source)).toEqual(["RDAP"]);
    expect(isModelMissing(warnings)).toBe(true);
    expect(isModelMissing([])).toBe(false);
  });
});

describe("the account", () => {
  test("prior and terms add up to the shown sum", () => {
    const { score, sources } = analysisAfter(...RICH);
    const lines = score === null ? [] : linesOf(score, sources, ["Base rate", "assumed"]);
    expect(lines.map(({ source, points }) => [source, points])).toEqual([
      ["Base rate", -2.2],
      ["VirusTotal", 2.79],
    ]);
    expect(lines.reduce((sum, { points }) => sum + points, 0)).toBeCloseTo(0.59, 10);
  });
});

describe("the export", () => {
  test("it holds the whole result and names a file that every system takes", () => {
    const state = analysisAfter(...RICH, ["chunk", { content: "texto" }], ["done", {}]);
    expect(exportName(state)).toBe("cybervault-203.0.113.42.json");
    expect(exportName({ ...IDLE, asked: "https://a/../b?c" })).toBe("cybervault-https_a_.._b_c.json");
    expect(exportOf(state, new Date("2026-11-21T00:00:00Z"))).toMatchObject({
      exported_at: "2026-11-21T00:00:00.000Z",
      observable: { kind: "ipv4", value: "203.0.113.42" },
      score: { score: 64 },
      sources: [{ name: "virustotal", title: "VirusTotal", document: { malicious: 14 } }, { name: "abuseipdb" }],
      narrative: { text: "texto" },
    });
  });
});
