/** What an assessment rests on, as a graph in columns: the target, what is in it, what was found, who says so. */

import type { Verdict } from "../../api/events";
import { defang, defangUrls } from "../../lib/defang";
import { labelName } from "../../lib/labels";
import type { Assessment } from "../threat/evidence";
import { kindOf, nameOf } from "./assessment";

const NODES_MAX = 300;
// Of what belongs together, so many at once: all in fewer than twenty groups, and no group of a handful.
const GROUP_MIN = 50;
const GROUPS_MAX = 20;
const ALONE_MAX = 10;
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
  /** What it is drawn together with where there are too many nodes, as people call it. */
  family: string;
  /** Of a group how many it stands for, and whether these are drawn beside it. */
  group: { size: number; isOpen: boolean } | null;
}

/** What sources and kinds of observables are called. */
export interface Names {
  source: (name: string) => string;
  /** Facts and behaviours. */
  fact: (name: string) => string;
  observable: (type: string) => string;
  /** Nodes that belong to none of these. */
  node: (kind: "behaviour" | "technique") => string;
}

const PLAIN: Names = { source: labelName, fact: labelName, observable: (type) => type, node: (kind) => kind };

export interface Placed extends GraphNode {
  column: number;
  row: number;
}

export interface Graph {
  nodes: GraphNode[];
  edges: [string, string][];
}

const TARGET = "target";

export function graphOf(assessment: Assessment, names: Names = PLAIN): Graph {
  const { verdict, risk_score: score, summary, target } = assessment;
  const isRecord = kindOf(assessment) === undefined;
  const sketch = new Sketch();
  const about = { verdict, score, said: defangUrls(summary), value: isRecord ? null : target };
  sketch.put(TARGET, "target", nameOf(assessment), about);
  if (isRecord) putReasons(sketch, assessment, names);
  for (const one of assessment.indicators) putObserved(sketch, one, isRecord, names);
  for (const { technique_id: id, name } of assessment.mitre_attack) {
    if (!sketch.nodes.has(id)) sketch.put(id, "technique", id, { family: names.node("technique") }, TARGET);
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
    if (!this.nodes.has(id)) this.nodes.set(id, { ...plain(id, kind, label), ...more });
    if (from !== undefined) this.edges.push([from, id]);
    return id;
  }
}

function plain(id: string, kind: NodeKind, label: string): GraphNode {
  return { id, kind, label, verdict: null, score: null, points: null, said: "", value: null, family: "", group: null };
}

/** An observable, what was found on it and who says so; one that was assessed alone is the target itself. */
function putObserved(sketch: Sketch, one: Assessment["indicators"][number], isRecord: boolean, names: Names): void {
  const { verdict, score, value } = one;
  const about = { verdict, score, value, said: defangUrls(one.summary), family: names.observable(one.type) };
  const owner = isRecord ? sketch.put(`o ${one.value}`, "observable", defang(one.value), about, TARGET) : TARGET;
  for (const { source, name, points, reason } of one.evidence) {
    const fact = { points, said: defangUrls(reason), family: names.source(source) };
    const id = sketch.put(`f ${one.value} ${source} ${name}`, "finding", names.fact(name), fact, owner);
    sketch.put(`s ${source}`, "source", names.source(source), {}, id);
  }
}

/** What spoke against a record besides, and the techniques that it shows. */
function putReasons(sketch: Sketch, { reasons, detections }: Assessment, names: Names): void {
  const rules = new Map(detections.map((rule) => [`rule_${rule.rule_id}`, rule]));
  for (const { name, points, reason, technique_id: technique } of reasons) {
    const rule = rules.get(name);
    const fact = { points, said: defangUrls(reason), family: names.node("behaviour") };
    const id = sketch.put(`r ${name}`, "behaviour", rule?.title ?? names.fact(name), fact, TARGET);
    for (const one of rule?.mitre_attack ?? (technique === null ? [] : [technique])) {
      sketch.put(one, "technique", one, { family: names.node("technique") }, id);
    }
  }
}

const BADNESS: Record<Verdict, number> = { malicious: 3, suspicious: 2, unknown: 1, benign: 0 };
const GROUPED: ReadonlySet<NodeKind> = new Set<NodeKind>(["behaviour", "observable", "finding", "technique"]);

/**
 * At most so many nodes as can be taken in: of more, those of one kind and source or type are drawn as groups, the worst
 * first, and the members of `open` ones beside them.
 */
export function grouped(graph: Graph, open: ReadonlySet<string>, most = NODES_MAX): Graph {
  if (graph.nodes.length <= most) return graph;
  const groups = groupsOf(graph.nodes);
  const place = new Map<string, string>();
  for (const { node, members } of groups) {
    for (const { id } of members) place.set(id, open.has(node.id) ? id : node.id);
  }
  const drawn = (id: string) => place.get(id) ?? id;
  const edges = new Map<string, [string, string]>();
  const join = (from: string, to: string) => {
    if (from !== to) edges.set(`${from} → ${to}`, [from, to]);
  };
  const groupOf = new Map(groups.flatMap(({ node, members }) => members.map(({ id }) => [id, node.id] as const)));
  for (const [from, to] of graph.edges) {
    join(drawn(from), drawn(to));
    // An open group stays where its members are, to be closed again.
    join(drawn(from), groupOf.get(to) ?? to);
  }
  const nodes = groups.flatMap(({ node, members }) => {
    const isOpen = open.has(node.id);
    const group = node.group === null ? null : { ...node.group, isOpen };
    return [{ ...node, group }, ...(isOpen ? members : [])];
  });
  return { nodes: [...graph.nodes.filter(({ id }) => !place.has(id)), ...nodes], edges: [...edges.values()] };
}

/** As `open`, with one group opened or closed; of the others as many stay open as there is room for, the last first. */
export function toggled(graph: Graph, open: readonly string[], id: string): string[] {
  if (open.includes(id)) return open.filter((one) => one !== id);
  const wanted = [...open, id];
  while (wanted.length > 1 && grouped(graph, new Set(wanted)).nodes.length > NODES_MAX) wanted.shift();
  return wanted;
}

interface Group {
  node: GraphNode;
  members: GraphNode[];
}

function groupsOf(nodes: readonly GraphNode[]): Group[] {
  const families = new Map<string, GraphNode[]>();
  for (const node of nodes.filter(({ kind }) => GROUPED.has(kind))) {
    const key = `${node.kind} ${node.family}`;
    const family = families.get(key);
    if (family === undefined) families.set(key, [node]);
    else family.push(node);
  }
  return [...families].flatMap(([key, family]) => {
    if (family.length <= ALONE_MAX) return [];
    const members = [...family].sort((one, other) => weightOf(other) - weightOf(one));
    const size = Math.max(GROUP_MIN, Math.ceil(members.length / GROUPS_MAX));
    return Array.from({ length: Math.ceil(members.length / size) }, (_, at) =>
      groupOf(`g ${key} ${at}`, members.slice(at * size, (at + 1) * size), members.length > size ? at * size : null),
    );
  });
}

/** `first` is how many of its family come before; null where it is the whole family. */
function groupOf(id: string, members: GraphNode[], first: number | null): Group {
  const [worst] = members;
  const { kind, family, verdict } = worst as GraphNode;
  const range = first === null ? `(${members.length})` : `${first + 1}–${first + members.length}`;
  const node = { ...plain(id, kind, `${family} ${range}`), verdict, family };
  return { node: { ...node, group: { size: members.length, isOpen: false } }, members };
}

function weightOf({ verdict, points }: GraphNode): number {
  return verdict === null ? Math.abs(points ?? 0) : BADNESS[verdict];
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
