/** What an assessment rests on, as a graph in columns: the target, what is in it, what was found, who says so. */

import type { Verdict } from "../../api/events";
import { defang, defangUrls } from "../../lib/defang";
import { labelName } from "../../lib/labels";
import type { Assessment } from "../threat/evidence";
import { kindOf, nameOf } from "./assessment";

const NODES_MAX = 300;
export type NodeKind = "target" | "behaviour" | "observable" | "finding" | "source" | "technique";

export interface GraphNode {
  id: string;
  kind: NodeKind;
  label: string;
  verdict: Verdict | null;
  score: number | null;
  points: number | null;
  /** A sentence, or nothing. */
  said: string;
  /** Of an observable as it is, to be looked at. */
  value: string | null;
}

export interface Placed extends GraphNode {
  column: number;
  row: number;
}

export interface Graph {
  nodes: GraphNode[];
  edges: [string, string][];
}

const TARGET = "target";

export function graphOf(assessment: Assessment): Graph {
  const { verdict, risk_score: score, summary, target } = assessment;
  const isRecord = kindOf(assessment) === undefined;
  const sketch = new Sketch();
  const about = { verdict, score, said: defangUrls(summary), value: isRecord ? null : target };
  sketch.put(TARGET, "target", nameOf(assessment), about);
  if (isRecord) putReasons(sketch, assessment);
  for (const one of assessment.indicators) putObserved(sketch, one, isRecord);
  for (const { technique_id: id, name } of assessment.mitre_attack) {
    if (!sketch.nodes.has(id)) sketch.put(id, "technique", id, {}, TARGET);
    const node = sketch.nodes.get(id);
    if (node !== undefined) node.said = name ?? "";
  }
  return { nodes: [...sketch.nodes.values()], edges: sketch.edges };
}

/** Nodes, each once, and what leads to them. */
class Sketch {
  readonly nodes = new Map<string, GraphNode>();
  readonly edges: [string, string][] = [];

  put(id: string, kind: NodeKind, label: string, more: Partial<GraphNode>, from?: string): string {
    const plain = { id, kind, label, verdict: null, score: null, points: null, said: "", value: null };
    if (!this.nodes.has(id)) this.nodes.set(id, { ...plain, ...more });
    if (from !== undefined) this.edges.push([from, id]);
    return id;
  }
}

/** An observable, what was found on it and who says so; one that was assessed alone is the target itself. */
function putObserved(sketch: Sketch, one: Assessment["indicators"][number], isRecord: boolean): void {
  const about = { verdict: one.verdict, score: one.score, said: defangUrls(one.summary), value: one.value };
  const owner = isRecord ? sketch.put(`o ${one.value}`, "observable", defang(one.value), about, TARGET) : TARGET;
  for (const { source, name, points, reason } of one.evidence) {
    const fact = { points, said: defangUrls(reason) };
    const id = sketch.put(`f ${one.value} ${source} ${name}`, "finding", labelName(name), fact, owner);
    sketch.put(`s ${source}`, "source", labelName(source), {}, id);
  }
}

/** What spoke against a record besides, and the techniques that it shows. */
function putReasons(sketch: Sketch, { reasons, detections }: Assessment): void {
  const rules = new Map(detections.map((rule) => [`rule_${rule.rule_id}`, rule]));
  for (const { name, points, reason, technique_id: technique } of reasons) {
    const rule = rules.get(name);
    const fact = { points, said: defangUrls(reason) };
    const id = sketch.put(`r ${name}`, "behaviour", rule?.title ?? labelName(name), fact, TARGET);
    for (const one of rule?.mitre_attack ?? (technique === null ? [] : [technique])) {
      sketch.put(one, "technique", one, {}, id);
    }
  }
}

const BADNESS: Record<Verdict, number> = { malicious: 3, suspicious: 2, unknown: 1, benign: 0 };
const FIRST: Record<NodeKind, number> = { target: 0, technique: 1, source: 2, behaviour: 3, observable: 4, finding: 4 };

/** At most so many as can be taken in: of observables the worst, of findings those that count most. */
export function cut({ nodes, edges }: Graph, most = NODES_MAX): Graph {
  if (nodes.length <= most) return { nodes, edges };
  const weight = ({ verdict, points }: GraphNode) => (verdict === null ? Math.abs(points ?? 0) : BADNESS[verdict]);
  const byWeight = [...nodes].sort((one, other) => FIRST[one.kind] - FIRST[other.kind] || weight(other) - weight(one));
  const kept = new Set(byWeight.slice(0, most).map(({ id }) => id));
  return {
    nodes: nodes.filter(({ id }) => kept.has(id)),
    edges: edges.filter(([from, to]) => kept.has(from) && kept.has(to)),
  };
}

const COLUMN: Record<NodeKind, number> = {
  target: 0,
  behaviour: 1,
  observable: 1,
  technique: 2,
  finding: 2,
  source: 3,
};

/** Each in the column of its kind, columns without any left out, rows near what leads to them. */
export function placed({ nodes, edges }: Graph): Placed[] {
  const used = [...new Set(nodes.map(({ kind }) => COLUMN[kind]))].sort();
  const rows = new Map<string, number>();
  const found: Placed[] = [];
  used.forEach((wanted, column) => {
    const inColumn = nodes.filter(({ kind }) => COLUMN[kind] === wanted);
    const near = new Map<string, number[]>();
    for (const [from, to] of edges) near.set(to, [...(near.get(to) ?? []), rows.get(from) ?? 0]);
    const pull = ({ id }: GraphNode) => {
      const all = near.get(id) ?? [0];
      return all.reduce((sum, one) => sum + one, 0) / all.length;
    };
    inColumn.sort((one, other) => pull(one) - pull(other));
    inColumn.forEach((node, row) => {
      rows.set(node.id, row);
      found.push({ ...node, column, row });
    });
  });
  return found;
}

/** What a node is joined to, in either direction. */
export function neighbours(id: string, edges: readonly (readonly [string, string])[]): Set<string> {
  return new Set(edges.flatMap(([from, to]) => (from === id ? [to] : to === id ? [from] : [])));
}

/** Where a key leads: up and down within a column, to the nearest row of the column beside; null for other keys. */
export function stepFrom(key: string, from: Placed, nodes: readonly Placed[]): Placed | null {
  const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[key];
  if (step === undefined) return null;
  const column = nodes.filter((node) => node.column === from.column + (step[0] ?? 0));
  const row = from.row + (step[1] ?? 0);
  const [nearest] = [...column].sort((one, other) => Math.abs(one.row - row) - Math.abs(other.row - row));
  return nearest ?? null;
}
