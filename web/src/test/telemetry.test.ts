import { describe, expect, test } from "vitest";
import type { Shapes } from "../api/server";
import {
  barsOf,
  cutAt,
  eventsIn,
  exclusionsIn,
  fieldsOf,
  harmless,
  isThreatOf,
  type Match,
  navigatorLayer,
  type Part,
  read,
  reasonsIn,
  rulesWith,
  speedOf,
  type Tally,
} from "../pages/batch/batch";
import { csvOf } from "../pages/batch/csv";
import { isPacked, madeSmall, nameOfBatch, rememberName } from "../pages/telemetry/batches";

const asks = (outcome: Part["outcome"], field: string, more: Partial<Part> = {}): Part => ({
  outcome,
  sign: "asks",
  name: null,
  of: [],
  field,
  kind: "ends",
  pattern: "\\x.exe",
  is_cased: false,
  value: [],
  matched: [],
  note: null,
  ...more,
});
const joined = (sign: string, outcome: Part["outcome"], of: Part[], name: string | null = null): Part => ({
  ...asks(outcome, ""),
  sign,
  of,
  name,
  field: null,
  kind: null,
  pattern: null,
});
const RULE: Match["rule"] = {
  rule_id: "r1",
  title: "A rule",
  level: "high",
  author: "Somebody, Else",
  pack: "starter",
  mitre_attack: ["T1571", "T1105"],
  tactics: ["command-and-control"],
};
const MATCH: Match = {
  line: 7,
  rule: RULE,
  is_certain: true,
  at: "2026-01-31T12:00:00Z",
  host: "finance-07",
  user: null,
  burst: null,
  event: null,
};

describe("how far a batch is", () => {
  test("the number of events is read from what the server does", () => {
    expect(eventsIn("12,345 events looked at")).toBe(12_345);
    expect(eventsIn("12.345 eventos mirados")).toBe(12_345);
    expect(eventsIn("opening threats")).toBeNull();
  });

  test("a speed takes two moments", () => {
    expect(speedOf([])).toBeNull();
    expect(speedOf([{ at: 0, events: 5 }])).toBeNull();
    const told = [0, 1, 2].map((second) => ({ at: second * 1000, events: 100 + second * 250 }));
    expect(speedOf(told)).toBe(250);
  });
});

describe("bars of time", () => {
  const moment = (at: string, high: number): Shapes["MomentReply"] => {
    return { at, critical: 0, high, medium: 0, low: 1, info: 0 };
  };

  test("a step without matches is a bar too", () => {
    const steps = [moment("2026-01-31T12:00:00Z", 2), moment("2026-01-31T12:00:30Z", 1)];
    const { seconds, bars } = barsOf({ step_seconds: 10, steps });
    expect([seconds, bars.map(({ total }) => total)]).toEqual([10, [3, 0, 0, 2]]);
    expect(bars[0]?.counts).toEqual({ critical: 0, high: 2, medium: 0, low: 1, info: 0 });
    expect(bars[3]?.at).toBe("2026-01-31T12:00:30.000Z");
  });

  test("they are few however far the matches lie apart, and none is lost", () => {
    for (const last of ["2026-01-31T12:59:59Z", "2026-03-01T00:00:00Z", "2126-01-01T00:00:00Z"]) {
      const { bars } = barsOf({ step_seconds: 1, steps: [moment("2026-01-31T12:00:00Z", 4), moment(last, 5)] });
      expect(bars.length).toBeLessThanOrEqual(61);
      expect(bars.reduce((sum, { total }) => sum + total, 0)).toBe(11);
    }
    expect(barsOf({ step_seconds: 60, steps: [] }).bars).toEqual([]);
  });
});

describe("why a rule fired", () => {
  const image = asks("true", "Image", { value: ["C:\\x.exe"], matched: ["C:\\x.exe"] });
  const condition = joined("and", "true", [
    joined("or", "true", [asks("false", "OriginalFileName"), image], "selection"),
    joined("not", "true", [joined("or", "false", [asks("true", "User")], "filter_main_system")]),
    joined("not", "unknown", [asks("unknown", "ParentImage")], "not filter"),
  ]);

  test("only what holds and counts for it is a reason", () => {
    expect(reasonsIn(condition)).toEqual([image]);
    expect(reasonsIn(joined("or", "false", [image]))).toEqual([]);
  });

  test("what would have excluded it is named, with what the event said", () => {
    expect(exclusionsIn(condition)).toEqual([
      { name: "filter_main_system", outcome: "false" },
      { name: "not filter", outcome: "unknown" },
    ]);
  });

  test("a value is cut where the pattern stands, in any case", () => {
    expect(cutAt("C:\\Temp\\X.EXE", "\\x.exe")).toEqual(["C:\\Temp", "\\X.EXE", ""]);
    expect(cutAt("abc", "")).toEqual(["abc", "", ""]);
    expect(cutAt("abc", "d")).toEqual(["abc", "", ""]);
  });
});

describe("an event", () => {
  test("is its fields, however deep they lie", () => {
    const event = { Event: { System: { EventID: 1, Keywords: ["a", "b"] }, Data: [{ Name: null }] } };
    expect(fieldsOf(event)).toEqual([
      { path: "Event.System.EventID", name: "EventID", value: "1" },
      { path: "Event.System.Keywords", name: "Keywords", value: "a, b" },
      { path: "Event.Data.0.Name", name: "Name", value: "" },
    ]);
  });

  test("keeps its long numbers", () => {
    expect(fieldsOf(read('{"Keywords": -9223372036854775808, "EventID": 1}'))).toEqual([
      { path: "Keywords", name: "Keywords", value: "-9223372036854775808" },
      { path: "EventID", name: "EventID", value: "1" },
    ]);
  });

  test("can be read without harm, and names of files stay names of files", () => {
    expect(harmless("198.51.100.42")).toBe("198[.]51[.]100[.]42");
    expect(harmless("evil.example")).toBe("evil[.]example");
    expect(harmless("curl http://evil.example/a 203.0.113.9")).toBe("curl hxxp://evil[.]example/a 203[.]0[.]113[.]9");
    expect(harmless("C:\\Windows\\System32\\cmd.exe")).toBe("C:\\Windows\\System32\\cmd.exe");
    expect(harmless("svchost.exe")).toBe("svchost.exe");
    expect(harmless("10.0.19041.1 (WinBuild)")).toBe("10.0.19041.1 (WinBuild)");
  });
});

describe("what leaves the page", () => {
  test("a table keeps its cells, and no text becomes a formula", () => {
    const burst = { group: {}, last: "", count: 12, is_capped: false, lines: [] };
    const lines = csvOf([MATCH, { ...MATCH, host: null, user: '=cmd|"x"', at: null, burst }]).split("\r\n");
    expect(lines[1]).toBe(
      '"7","2026-01-31T12:00:00Z","high","A rule","r1","Somebody, Else","T1571 T1105","finance-07","",""',
    );
    expect(lines[2]).toContain(`"","'=cmd|""x""","12"`);
  });

  test("a layer counts techniques and names their rules", () => {
    const techniques = [{ technique_id: "T1571", name: "Non-Standard Port", tactic: "command-and-control", count: 3 }];
    const tally = { techniques, by_rule: [{ ...RULE, count: 3, first: null, last: null }] } as unknown as Tally;
    expect(navigatorLayer("x", tally)).toMatchObject({
      domain: "enterprise-attack",
      techniques: [{ techniqueID: "T1571", score: 3, comment: "3 x A rule (high)" }],
      gradient: { maxValue: 3 },
    });
    expect(rulesWith(tally.by_rule, "T1571")).toHaveLength(1);
    expect(rulesWith(tally.by_rule, "T9999")).toEqual([]);
  });
});

test("a threat is that of a rule on its host, else on its user", () => {
  expect(isThreatOf("A rule (r1), host FINANCE-07", MATCH)).toBe(true);
  expect(isThreatOf("A rule (r1), host finance-08", MATCH)).toBe(false);
  expect(isThreatOf("A rule (r1), user eve", { ...MATCH, host: null, user: "Eve" })).toBe(true);
  expect(isThreatOf("A rule (r1)", { ...MATCH, host: null })).toBe(true);
});

describe("a file on its way", () => {
  test("is known as packed by its first bytes", async () => {
    expect(await isPacked(new Blob([new Uint8Array([0x1f, 0x8b, 8])]))).toBe(true);
    expect(await isPacked(new Blob([new Uint8Array([0x28, 0xb5, 0x2f, 0xfd])]))).toBe(true);
    expect(await isPacked(new Blob(["ElfFile"]))).toBe(false);
  });

  test("a short one stays as it is, a long one is packed, a packed one not again", async () => {
    const short = new Blob(["{}"]);
    expect(await madeSmall(short)).toBe(short);
    const long = new Blob(["x".repeat(2_000_000)]);
    const small = await madeSmall(long);
    expect(small.size).toBeLessThan(10_000);
    expect(await isPacked(small)).toBe(true);
    const packed = new Blob([new Uint8Array([0x1f, 0x8b]), long]);
    expect(await madeSmall(packed)).toBe(packed);
  });

  test("keeps its name in this browser, and a broken memory is none", () => {
    rememberName("tel_1", "a.evtx");
    rememberName("tel_2", "b.evtx");
    rememberName("tel_1", "c".repeat(500));
    expect([nameOfBatch("tel_2"), nameOfBatch("tel_1")?.length, nameOfBatch("tel_3")]).toEqual([
      "b.evtx",
      120,
      undefined,
    ]);
    localStorage.setItem("cybervault:batches", '[["tel_1"], 7, ["tel_2", "b"]]');
    expect([nameOfBatch("tel_1"), nameOfBatch("tel_2")]).toEqual([undefined, "b"]);
  });
});
