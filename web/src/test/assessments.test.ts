import { describe, expect, test } from "vitest";
import { kindOf, nameOf, timelineOf } from "../pages/assessments/assessment";
import { spanishName } from "../pages/assessments/factNames";
import { type Graph, graphOf, grouped, neighbours, placed, stepFrom, toggled } from "../pages/assessments/graph";
import type { Assessment } from "../pages/threat/evidence";

type Indicator = Assessment["indicators"][number];

const fact = (source: string, name: string, points: number) => ({
  source,
  name,
  points,
  reason: "See http://a.example",
});
const indicator = (value: string, ...evidence: Indicator["evidence"]): Indicator => ({
  type: "ipv4",
  value,
  verdict: "malicious",
  score: 92,
  summary: "Bad.",
  evidence,
  missing: [],
});
const made = (change: Partial<Assessment>) =>
  ({
    assessment_id: "asm_1",
    target_type: "ipv4",
    target: "203.0.113.42",
    verdict: "malicious",
    risk_score: 92,
    summary: "Bad.",
    indicators: [],
    reasons: [],
    detections: [],
    mitre_attack: [],
    created_at: "2027-01-31T12:00:00Z",
    ...change,
  }) as unknown as Assessment;

const ADDRESS = made({
  indicators: [indicator("203.0.113.42", fact("virustotal", "engines", 3), fact("abuseipdb", "reports", 1))],
});
const RECORD = made({
  target_type: "endpoint_telemetry",
  target: "a".repeat(64),
  indicators: [
    indicator("203.0.113.42", fact("virustotal", "engines", 3)),
    indicator("203.0.113.43", fact("virustotal", "engines", 2)),
  ],
  reasons: [
    { name: "rule_r1", points: 47, reason: "Rule.", technique_id: null },
    { name: "odd_parent", points: 5, reason: "Odd.", technique_id: "T1059" },
  ],
  detections: [{ rule_id: "r1", title: "Odd port", mitre_attack: ["T1571"] }] as unknown as Assessment["detections"],
  mitre_attack: [
    { technique_id: "T1571", name: "Non-Standard Port", tactic: null },
    { technique_id: "T1059", name: null, tactic: null },
    { technique_id: "T1000", name: null, tactic: null },
  ],
});

test("an observable is called by itself, defanged, a record by the begin of its hash", () => {
  expect([nameOf(ADDRESS), nameOf(RECORD)]).toEqual(["203[.]0[.]113[.]42", "aaaaaaaaaaaa…"]);
  const target = "Odd port (5db09bd8-f6e8-48fe-9596-314f112e5c2e), host pc-7";
  expect(nameOf({ ...RECORD, target_type: "detection", target })).toBe("Odd port, host pc-7");
  expect([kindOf(ADDRESS), kindOf(RECORD)]).toEqual(["ipv4", undefined]);
});

test("behaviours are counted by day, each day from the first to the last, thirty at most", () => {
  const on = (day: string, ...names: string[]) =>
    made({
      created_at: `${day}T10:00:00Z`,
      reasons: names.map((name) => ({ name, points: 1, reason: "", technique_id: null })),
    });
  expect(
    timelineOf([on("2027-02-02", "scan", "scan"), on("2027-01-31", "scan", "c2_beacon"), on("2027-01-31")]),
  ).toEqual({
    days: ["2027-01-31", "2027-02-01", "2027-02-02"],
    rows: [
      { name: "scan", counts: [1, 0, 1] },
      { name: "c2 beacon", counts: [1, 0, 0] },
    ],
    total: [2, 0, 1],
  });
  const long = timelineOf([on("2027-03-31", "late"), on("2027-01-01", "early")]);
  expect([long.days.length, long.days[0], long.rows.map(({ name }) => name)]).toEqual([30, "2027-03-02", ["late"]]);
  expect(timelineOf([])).toEqual({ days: [], rows: [], total: [] });
});

describe("the graph", () => {
  const ids = ({ nodes }: Pick<Graph, "nodes">) => nodes.map(({ kind, label }) => `${kind} ${label}`);

  test("of an observable goes from it to what was found and to who says so", () => {
    const graph = graphOf(ADDRESS);
    expect(ids(graph)).toEqual([
      "target 203[.]0[.]113[.]42",
      "finding engines",
      "source virustotal",
      "finding reports",
      "source abuseipdb",
    ]);
    expect(graph.nodes[1]?.said).toBe("See hxxp://a[.]example");
    expect(placed(graph).map(({ column, row }) => [column, row])).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
    ]);
  });

  test("of a record has its observables, rules and techniques; a source stands there once", () => {
    const graph = graphOf(RECORD);
    expect(ids(graph)).toEqual([
      "target aaaaaaaaaaaa…",
      "behaviour Odd port",
      "technique T1571",
      "behaviour odd parent",
      "technique T1059",
      "observable 203[.]0[.]113[.]42",
      "finding engines",
      "source virustotal",
      "observable 203[.]0[.]113[.]43",
      "finding engines",
      "technique T1000",
    ]);
    expect(neighbours("s virustotal", graph.edges).size).toBe(2);
    expect([...neighbours("T1571", graph.edges)]).toEqual(["r rule_r1"]);
    expect([...neighbours("T1000", graph.edges)]).toEqual(["target"]);
  });

  test("of very many draws groups, the worst first, which open one beside the other while there is room", () => {
    const many = Array.from({ length: 400 }, (_, at) => ({
      ...indicator(`198.51.100.${at}`, fact("a", "b", 1)),
      verdict: at % 2 === 0 ? ("benign" as const) : ("malicious" as const),
    }));
    const graph = graphOf({ ...RECORD, indicators: many });
    const closed = grouped(graph, new Set());
    const groups = closed.nodes.filter(({ group }) => group !== null);
    expect(groups.map(({ kind, label }) => `${kind} ${label}`).slice(0, 3)).toEqual([
      "observable ipv4 1–50",
      "observable ipv4 51–100",
      "observable ipv4 101–150",
    ]);
    expect(groups.filter(({ kind }) => kind === "observable").map(({ verdict }) => verdict)).toEqual([
      ...Array.from({ length: 4 }, () => "malicious"),
      ...Array.from({ length: 4 }, () => "benign"),
    ]);
    const kept = new Set(closed.nodes.map(({ id }) => id));
    expect(closed.edges.flat().every((id) => kept.has(id))).toBe(true);
    const [first, second, ...rest] = groups.filter(({ kind }) => kind === "observable").map(({ id }) => id);
    if (first === undefined || second === undefined) throw new Error("no groups");
    const open = toggled(graph, toggled(graph, [], first), second);
    const shown = grouped(graph, new Set(open));
    expect(shown.nodes).toHaveLength(closed.nodes.length + 100);
    expect(shown.nodes.find(({ id }) => id === first)?.group).toEqual({ size: 50, isOpen: true });
    expect(toggled(graph, open, first)).toEqual([second]);
    const all = rest.reduce((so, id) => toggled(graph, so, id), open);
    expect([all.includes(first), all.at(-1)]).toEqual([false, rest.at(-1)]);
    expect(grouped(graph, new Set(all)).nodes.length).toBeLessThanOrEqual(300);
    expect(grouped(graphOf(ADDRESS), new Set()).nodes).toHaveLength(5);
  });

  test("is walked by arrows, and its edge is its end", () => {
    const nodes = placed(graphOf(RECORD));
    const [first] = nodes;
    if (first === undefined) throw new Error("empty");
    const right = stepFrom("ArrowRight", first, nodes);
    expect(right).toMatchObject({ column: 1, row: 0 });
    const below = right && stepFrom("ArrowDown", right, nodes);
    expect(below).toMatchObject({ column: 1, row: 1 });
    const last = nodes.findLast(({ column }) => column === 1);
    expect(last).toMatchObject({ kind: "observable", row: 3 });
    expect(last && stepFrom("ArrowDown", last, nodes)).toBe(last);
    expect(stepFrom("ArrowLeft", first, nodes)).toBeNull();
    expect(stepFrom("a", first, nodes)).toBeNull();
  });
});

describe("names of facts", () => {
  test("are Spanish for who reads that, made ones too, and what nobody knows is in its own words", () => {
    expect(["detections", "malicious_ipv4", "tactic:impact", "of_tomorrow"].map(spanishName)).toEqual([
      "detecciones",
      "malicioso: ipv4",
      "otra táctica: impact",
      "of tomorrow",
    ]);
    const graph = graphOf(ADDRESS, {
      source: (name) => name,
      fact: spanishName,
      observable: (type) => type,
      node: (kind) => kind,
    });
    expect(graph.nodes.filter(({ kind }) => kind === "finding").map(({ label }) => label)).not.toContain("reports");
  });
});
