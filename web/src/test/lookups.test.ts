import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Refusal, type Shapes } from "../api/server";
import { readPaste } from "../lib/indicators";
import { byVerdict, csvOf, jsonOf } from "../pages/lookups/rows";
import { type Question as Asked, isOpen, LookupRun, type Row } from "../pages/lookups/run";

describe("a paste", () => {
  test("of every sort and spelling is read, each once, and what is not read is named with its line and reason", () => {
    const text = [
      "# from the mail of Monday",
      "203[.]0[.]113[.]42",
      "hxxps://evil[.]example/a,b",
      "Evil.EXAMPLE; 203.0.113.42, 44D88612FEA8A8F36DE82E1278ABB02F seen twice",
      "evil dot example",
      "",
      "nothing at all",
      "198.51.100.300",
      `bad ${"a".repeat(33)}`,
      "https://evil.example/%61,b",
    ].join("\r\n");
    const { wanted, merged, unread } = readPaste(text);
    expect(wanted.map(({ kind, value, line }) => [kind, value, line])).toEqual([
      ["ipv4", "203.0.113.42", 2],
      ["url", "https://evil.example/a,b", 3],
      ["domain", "Evil.EXAMPLE", 4],
      ["md5", "44D88612FEA8A8F36DE82E1278ABB02F", 4],
      ["url", "https://evil.example/%61,b", 10],
    ]);
    expect(merged).toBe(2);
    expect(unread).toEqual([
      { line: 7, text: "nothing at all", why: "nothing" },
      { line: 8, text: "198.51.100.300", why: "address" },
      { line: 9, text: "a".repeat(33), why: "hash" },
    ]);
  });

  test("of more than a thousand says where it was cut", () => {
    const { wanted, unread } = readPaste(Array.from({ length: 1002 }, (_, at) => `h${at}.example`).join("\n"));
    expect(wanted).toHaveLength(1000);
    expect(unread.map(({ line, why }) => [line, why])).toEqual([
      [1001, "many"],
      [1002, "many"],
    ]);
  });
});

type Reply = Shapes["LookUpReply"];

const asked: Asked[] = [];
const replies: ((asked: Asked) => unknown)[] = [];

/** What a server that is as queued says; one that has nothing more to say fails. */
async function send(body: Asked): Promise<Reply> {
  asked.push(body);
  const reply = replies.shift();
  if (reply === undefined) throw new Refusal(0, "unreachable", "Nobody answers.");
  const said = reply(body);
  if (said instanceof Refusal) throw said;
  return said as Reply;
}

const assessed = (target: string, verdict: string, score: number) => ({
  assessment_id: `asm_${target}`,
  verdict,
  risk_score: score,
  severity: "high",
  confidence: 0.9,
  family: null,
  summary: "Why.",
  missing: [],
  target,
  created_at: "2027-01-31T12:00:00Z",
  indicators: [{ evidence: [{ source: "virustotal" }, { source: "virustotal" }, { source: "abuseipdb" }] }],
});
const LIMIT = { code: "rate_limit_exceeded", message: "Too many.", retry_after_seconds: 7 };
const good = (one: string) => ({ observable: one, assessment: assessed(one, "benign", 3), error: null });
const bad = (one: string, error: { code: string; message: string }) => ({ observable: one, assessment: null, error });
const all = ({ observables }: Asked) => ({ data: observables.map(good) });
const paste = (count: number) => readPaste(Array.from({ length: count }, (_, at) => `h${at}.example`).join("\n"));

function begun(count: number, depth: "quick" | "deep" = "quick"): LookupRun {
  const run = new LookupRun(send);
  run.open("usr_1");
  run.start(paste(count).wanted, [], depth);
  return run;
}

const open = (run: LookupRun) => run.current().rows.filter(isOpen).length;
const standing = (run: LookupRun) => [run.current().is, open(run)];

describe("a run", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    asked.length = 0;
    replies.length = 0;
    window.sessionStorage.clear();
  });
  afterEach(() => void vi.useRealTimers());

  test("asks about some at a time until all have an answer or a fault", async () => {
    const fault = { code: "unknown_observable", message: "This is none." };
    replies.push(all, ({ observables: [first, ...rest] }) => ({ data: [bad(first ?? "", fault), ...rest.map(good)] }));
    const run = begun(25);
    await vi.advanceTimersByTimeAsync(0);
    expect(standing(run)).toEqual(["ended", 0]);
    expect(asked.map(({ observables }) => observables.length)).toEqual([20, 5]);
    expect(run.current().rows[20]).toMatchObject({ answer: null, fault: "This is none." });
    expect(run.current().rows[24]?.answer).toMatchObject({ verdict: "benign", sources: ["virustotal", "abuseipdb"] });
  });

  test("waits as long as the limit says, for the call or for some of it, and leaves nothing out", async () => {
    replies.push(
      () => new Refusal(429, "rate_limit_exceeded", "Too many.", null, 3),
      ({ observables }) => ({ data: observables.map((one, at) => (at < 2 ? good(one) : bad(one, LIMIT))) }),
      all,
    );
    const run = begun(4, "deep");
    await vi.advanceTimersByTimeAsync(0);
    expect(standing(run)).toEqual(["waiting", 4]);
    expect(run.current().until - Date.now()).toBe(3000);
    await vi.advanceTimersByTimeAsync(3000);
    expect(standing(run)).toEqual(["waiting", 2]);
    await vi.advanceTimersByTimeAsync(6999);
    expect(asked).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(standing(run)).toEqual(["ended", 0]);
    expect(asked.map(({ observables, depth }) => `${observables.length} ${depth}`)).toEqual([
      "4 deep",
      "4 deep",
      "2 deep",
    ]);
  });

  test("that failed or was stopped goes on where it was, also after the page was loaded anew", async () => {
    replies.push(all, () => new Refusal(503, "service_unavailable", "Later."), all);
    const run = begun(30);
    await vi.advanceTimersByTimeAsync(0);
    expect(standing(run)).toEqual(["stopped", 10]);
    expect(String(run.current().fault)).toBe("Refusal: Later.");
    const later = new LookupRun(send);
    later.open("usr_1");
    expect(standing(later)).toEqual(["stopped", 10]);
    later.resume();
    later.stop();
    await vi.advanceTimersByTimeAsync(0);
    expect(standing(later)).toEqual(["stopped", 10]);
    replies.push(all);
    later.resume();
    await vi.advanceTimersByTimeAsync(0);
    expect(standing(later)).toEqual(["ended", 0]);
    replies.push(() => new Refusal(401, "session_ended", "Sign in."));
    later.start(paste(1).wanted, [], "quick");
    await vi.advanceTimersByTimeAsync(0);
    expect(later.current().is).toBe("idle");
    const stranger = new LookupRun(send);
    stranger.open("usr_2");
    expect(stranger.current().is).toBe("idle");
    expect(window.sessionStorage.length).toBe(0);
  });
});

const row = (value: string, answer: ReturnType<typeof assessed> | null, fault: string | null = null) =>
  ({
    key: value,
    kind: "domain",
    value,
    line: 1,
    answer: answer && { ...answer, sources: ["a", "b"] },
    fault,
  }) as unknown as Row;

describe("what came of it", () => {
  const rows = [
    row("wait.example", null),
    row("good.example", assessed("good.example", "benign", 3)),
    row("odd.example", null, "Not read."),
    row("worse.example", assessed("worse.example", "malicious", 95)),
    row("bad.example", assessed("bad.example", "malicious", 80)),
    row("dunno.example", assessed("dunno.example", "unknown", 30)),
  ];
  const progress = {
    is: "ended",
    depth: "quick",
    rows,
    unread: [{ line: 9, text: "=cmd()", why: "nothing" }],
    until: 0,
    fault: null,
  } as const;

  test("is sorted by verdict and score, what has none last", () => {
    expect(byVerdict(rows).map(({ value }) => value.split(".")[0])).toEqual([
      "worse",
      "bad",
      "dunno",
      "good",
      "wait",
      "odd",
    ]);
  });

  test("leaves as a table in which nothing is a formula, and as JSON", () => {
    const lines = csvOf(progress).split("\r\n");
    expect(lines[1]).toBe(
      '"worse.example","domain","malicious","95","high","0.9","","Why.","a b","","asm_worse.example","2027-01-31T12:00:00Z",""',
    );
    expect(lines[6]).toContain('"Not read."');
    expect(lines[7]).toBe(`"'=cmd()",${'"",'.repeat(11)}"not read, line 9"`);
    expect(new Set(lines.slice(0, 8).map((line) => line.split('",').length))).toEqual(new Set([13]));
    expect(jsonOf(progress, new Date(0))).toMatchObject({
      exported_at: "1970-01-01T00:00:00.000Z",
      not_read: [{ line: 9 }],
    });
  });
});
