import { describe, expect, test } from "vitest";
import type { Shapes } from "../api/server";
import { columnsOf } from "../lib/attack";
import { knownIn } from "../lib/oneOf";
import { countOf, piecesIn, stationsOf } from "../pages/threat/evidence";
import { changeAll } from "../pages/threats/bulk";
import { exportPath, filterOf, indicatorIn, STATUSES, sortIn } from "../pages/threats/search";
import { kindOfIndicator, nameOf, type Threat, valueOfIndicator } from "../pages/threats/threat";
import { isSameView, readViews, viewOf, withView, writeViews } from "../pages/threats/views";
import { placeOf, threatWords } from "../pages/threats/words";

const NOW = Date.parse("2027-03-10T15:30:00Z");
const filter = (search: Parameters<typeof filterOf>[0]) => JSON.parse(filterOf(search, NOW) ?? "null") as unknown;

describe("what the address says becomes the server's filter", () => {
  test("nothing said is no filter", () => {
    expect(filterOf({}, NOW)).toBeUndefined();
    expect(filterOf({ severity: "", q: "  ", sort: "score:desc", cursor: "c" }, NOW)).toBeUndefined();
  });

  test("lists, a technique and a part of a target", () => {
    expect(
      filter({ severity: "critical,high", status: "new", type: "malware", technique: "T1571", q: "evil" }),
    ).toEqual({
      severity: { in: ["critical", "high"] },
      status: { in: ["new"] },
      type: { in: ["malware"] },
      techniques: { contains: "T1571" },
      value: { contains: "evil" },
    });
  });

  test("a number of days begins at a midnight, so that all pages are of one list", () => {
    expect(filter({ since: "7d" })).toEqual({ created_at: { gte: "2027-03-03T00:00:00.000Z" } });
    expect(filterOf({ since: "7d" }, NOW)).toBe(filterOf({ since: "7d" }, NOW + 3_600_000));
    expect(filter({ since: "0d" })).toEqual({ created_at: { gte: "2027-03-10T00:00:00.000Z" } });
  });

  test("a day is shown from its begin to its end", () => {
    const created = { gte: "2027-03-08T00:00:00Z", lte: "2027-03-08T23:59:59.999Z" };
    expect(filter({ since: "2027-03-08", until: "2027-03-08" })).toEqual({ created_at: created });
    expect(filterOf({ since: "2027-13-45", until: "yesterday" }, NOW)).toBeUndefined();
  });

  test.each([
    ["203[.]0[.]113[.]42", "ip:203.0.113.42"],
    ["Evil.Example", "domain:evil.example"],
    ["2001:db8::1", "ip:2001:db8::1"],
    ["44D88612FEA8A8F36DE82E1278ABB02F", "hash:md5:44d88612fea8a8f36de82e1278abb02f"],
    ["cve-2021-44228", "cve:CVE-2021-44228"],
    ["evil", null],
    ["https://evil.example/a", null],
  ])("%s is looked up as %s", (typed, indicator) => {
    expect(indicatorIn(typed)).toBe(indicator);
    if (indicator !== null) expect(filter({ q: typed })).toEqual({ indicators: { contains: indicator } });
  });

  test("words that are not known narrow nothing in the fields, and the order is a known one", () => {
    expect(knownIn("new,wrong,closed", STATUSES)).toEqual(["new", "closed"]);
    expect(sortIn("score:asc")).toEqual({ field: "score", isDescending: false });
    expect(sortIn("wrong:asc").field).toBe("created_at");
    expect(sortIn(undefined)).toEqual({ field: "created_at", isDescending: true });
  });

  test("a file holds what the filters show, in their order", () => {
    const url = new URL(exportPath({ status: "new", sort: "score:desc", cursor: "c" }, "stix", NOW), "http://here");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      format: "stix",
      sort: "score:desc",
      filter: '{"status":{"in":["new"]}}',
    });
  });
});

describe("saved views", () => {
  test("come back, the newest of a name last, without the place in the pages", () => {
    const search = { status: "new", cursor: "c", q: "" };
    expect(writeViews(withView(withView([], { name: "a", search }), { name: "b", search: {} }))).toBe(true);
    expect(readViews()).toEqual([
      { name: "a", search: { status: "new" } },
      { name: "b", search: {} },
    ]);
    expect(withView(readViews(), { name: "a", search: {} }).map(({ name }) => name)).toEqual(["b", "a"]);
  });

  test("what was edited by hand is read as far as it can be", () => {
    for (const broken of ["{", "1", '[null,{"name":1},{"name":"x"},{"name":" ","search":{}}]']) {
      localStorage.setItem("cybervault:threat-views", broken);
      expect(readViews()).toEqual([]);
    }
    localStorage.setItem("cybervault:threat-views", '[{"name":"x","search":{"q":1,"status":"new","other":"y"}}]');
    expect(readViews()).toEqual([{ name: "x", search: { status: "new" } }]);
  });

  test("are the same whatever page is shown", () => {
    expect(isSameView({ status: "new", cursor: "c" }, { status: "new", q: "" })).toBe(true);
    expect(isSameView({ status: "new" }, { status: "closed" })).toBe(false);
    expect(viewOf({ q: "", sort: "score:desc" })).toEqual({ sort: "score:desc" });
  });
});

test("a change of many goes on where one fails, a few at a time, and says which", async () => {
  const ids = Array.from({ length: 11 }, (_, at) => `thr_${at}`);
  let running = 0;
  let most = 0;
  const steps: number[] = [];
  const change = async (id: string) => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    if (id.endsWith("3") || id.endsWith("0")) throw new Error(id);
  };
  const failures = await changeAll(ids, change, (done) => steps.push(done));
  expect(failures.map(({ id }) => id)).toEqual(["thr_0", "thr_3", "thr_10"]);
  expect(steps).toEqual(ids.map((_, at) => at + 1));
  expect(most).toBe(4);
});

test("where a threat was seen is told in the console's words", () => {
  const words = threatWords.en;
  expect([placeOf({ kind: "ipv4" }, words, { ipv4: "IPv4" }), placeOf({ kind: "odd" }, words, {})]).toEqual([
    "IPv4",
    "odd",
  ]);
  expect(placeOf({ kind: "network_traffic" }, words, {})).toBe("seen in network traffic");
  expect(placeOf({ kind: "detection" }, words, {})).toBe("seen by a rule in telemetry");
});

const threat = (change: Partial<Threat>) =>
  ({ kind: "ipv4", value: "203.0.113.42", indicators: [], ...change }) as Threat;

test("a threat is called by its target, telemetry by what was bad in it, always defanged", () => {
  expect(nameOf(threat({}))).toBe("203[.]0[.]113[.]42");
  const telemetry = { kind: "endpoint_telemetry", value: "0".repeat(64) };
  expect(nameOf(threat({ ...telemetry, indicators: ["domain:evil.example"] }))).toBe("evil[.]example");
  expect(nameOf(threat(telemetry))).toBe("000000000000…");
  const rule = "Odd port (5db09bd8-f6e8-48fe-9596-314f112e5c2e)";
  expect(nameOf(threat({ kind: "detection", value: `${rule}, host pc (7)` }))).toBe("Odd port, host pc (7)");
  expect(nameOf(threat({ kind: "detection", value: rule }))).toBe("Odd port");
  expect([valueOfIndicator("hash:md5:ab"), kindOfIndicator("hash:md5:ab")]).toEqual(["ab", "md5"]);
  expect([valueOfIndicator("ip:2001:db8::1"), kindOfIndicator("ip:2001:db8::1")]).toEqual(["2001:db8::1", "ip"]);
});

const technique = (id: string, tactic: string | null) => ({ technique_id: id, name: null, tactic });

test("techniques stand under their tactics in the order of the matrix, unknown tactics last", () => {
  const columns = columnsOf([
    technique("T9999", null),
    technique("T1071.001", "command-and-control"),
    technique("T1059", "execution"),
    technique("T1071", "command-and-control"),
    technique("T1", "of-tomorrow"),
  ]);
  expect(columns.map(({ tactic, techniques }) => [tactic, techniques.map((one) => one.technique_id)])).toEqual([
    ["execution", ["T1059"]],
    ["command-and-control", ["T1071", "T1071.001"]],
    [null, ["T1", "T9999"]],
  ]);
});

test("a rule is one piece of evidence with the points of its reason, the strongest first", () => {
  const assessment = {
    reasons: [
      { name: "tool_port", points: 0, reason: "Port.", technique_id: "T1571" },
      { name: "rule_1", points: 70, reason: "Rule: One.", technique_id: "T1571" },
    ],
    detections: [{ rule_id: "1", title: "One", mitre_attack: ["T1571", "T1071"] }],
  } as unknown as Shapes["AssessmentReply"];
  expect(piecesIn(assessment).map(({ text, points }) => [text, points])).toEqual([
    ["One", 70],
    ["Port.", 0],
  ]);
  expect([countOf("T1571", assessment), countOf("T1071", assessment), countOf("T1", assessment)]).toEqual([2, 1, 0]);
  expect(countOf("T1571", null)).toBe(0);
});

describe("the life of a threat", () => {
  const step = (status: string, at: string) => ({ new_status: status, at }) as Shapes["StepReply"];

  test("tells what was passed, where it is, and what was left out", () => {
    const stations = stationsOf("mitigated", [step("new", "1"), step("acknowledged", "2"), step("mitigated", "3")]);
    expect(stations.map(({ status, state, at }) => [status, state, at])).toEqual([
      ["new", "passed", "1"],
      ["acknowledged", "passed", "2"],
      ["investigating", "ahead", null],
      ["mitigated", "current", "3"],
      ["closed", "ahead", null],
    ]);
  });

  test("ends elsewhere where it was a false positive", () => {
    const stations = stationsOf("false_positive", [step("new", "1"), step("false_positive", "2")]);
    expect(stations.map(({ status }) => status)).toEqual(["new", "acknowledged", "investigating", "false_positive"]);
  });

  test("opened again it is ahead of what came after", () => {
    const stations = stationsOf("new", [step("new", "1"), step("closed", "2"), step("new", "3")]);
    expect(stations.map(({ state }) => state)).toEqual(["current", "ahead", "ahead", "ahead", "ahead"]);
  });
});
