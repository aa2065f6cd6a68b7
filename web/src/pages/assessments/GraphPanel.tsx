/** Evidence as a graph in columns, walked by arrows, and as a list that says the same. */

import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useMemo, useState } from "react";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Choice } from "../../kit/Choice";
import { PanelTable } from "../../kit/PanelTable";
import { KINDS } from "../../lib/detect";
import { VERDICT_GLYPH } from "../../lib/score";
import type { Assessment } from "../threat/evidence";
import { useFactName } from "./factNames";
import {
  type Graph,
  type GraphNode,
  graphOf,
  grouped,
  type NodeKind,
  neighbours,
  type Placed,
  placed,
  stepFrom,
  toggled,
} from "./graph";
import { useSourceName } from "./sourceNames";
import { assessmentTexts } from "./texts";
import "./css/assessments.css";

interface GraphPanelProps {
  assessment: Assessment;
  isList: boolean;
  onView: (view: "graph" | "list") => void;
}

export function GraphPanel({ assessment, isList, onView }: GraphPanelProps) {
  const texts = useTexts(assessmentTexts).graph;
  const { texts: shared } = useSpeech();
  const source = useSourceName();
  const fact = useFactName();
  const whole = useMemo(() => {
    const observable = (type: string) =>
      KINDS.reduce((name, kind) => (kind === type ? shared.kinds[kind] : name), type);
    return graphOf(assessment, { source, fact, observable, node: (kind) => texts.kinds[kind] });
  }, [assessment, shared, source, fact, texts]);
  return (
    <section className="panel stack" aria-labelledby="graph">
      <div className="section-head">
        <h2 id="graph" className="section-title">
          {texts.heading}
        </h2>
        <span className="grow" />
        <Choice
          label={texts.view}
          value={isList ? "list" : "graph"}
          options={[
            { id: "graph", text: texts.graph },
            { id: "list", text: texts.list },
          ]}
          onChange={onView}
        />
      </div>
      {isList ? <List graph={whole} /> : <Drawing graph={whole} />}
    </section>
  );
}

/** What a node says, in words. */
function useSaying(): (node: GraphNode) => string {
  const { texts: shared, formats } = useSpeech();
  const texts = useTexts(assessmentTexts);
  return ({ verdict, score, points, said, group }) =>
    [
      ...(group === null ? [] : [texts.graph.group(group.size, group.isOpen)]),
      ...(verdict === null ? [] : [shared.verdicts[verdict]]),
      ...(score === null ? [] : [`${texts.score} ${formats.number(score)}`]),
      ...(points === null ? [] : [texts.graph.points(formats.points(points))]),
      ...(said === "" ? [] : [said]),
    ].join(" · ");
}

const COLUMNS = ["kind", "name", "said", "joined"] as const;
const NAMED_MAX = 6;

function List({ graph: { nodes, edges } }: { graph: Graph }) {
  const texts = useTexts(assessmentTexts).graph;
  const saying = useSaying();
  const labels = new Map(nodes.map(({ id, label }) => [id, label]));
  const joined = (id: string) => {
    const names = [...neighbours(id, edges)].map((one) => labels.get(one) ?? one);
    const more = names.length - NAMED_MAX;
    return names.slice(0, NAMED_MAX).join(", ") + (more > 0 ? ` +${more}` : "");
  };
  return (
    <PanelTable title={texts.heading} columns={COLUMNS} texts={texts.columns}>
      {nodes.map((node) => (
        <tr key={node.id}>
          <td>
            <span aria-hidden>
              {GLYPH[node.kind]}
              {"\u00a0"}
            </span>
            {texts.kinds[node.kind]}
          </td>
          <th scope="row" className="cell-indicator">
            <Name node={node} />
          </th>
          <td className="cell-why">{saying(node)}</td>
          <td className="cell-why">{joined(node.id)}</td>
        </tr>
      ))}
    </PanelTable>
  );
}

function Name({ node: { value, label } }: { node: GraphNode }) {
  if (value === null) return label;
  return (
    <Link to="/analyze" search={{ ioc: value, run: "1" }} className="mono">
      {label}
    </Link>
  );
}

const GLYPH: Record<NodeKind, string> = {
  target: "◎",
  behaviour: "▷",
  observable: "◇",
  finding: "•",
  source: "▣",
  technique: "✦",
};
const [COLUMN, ROW, WIDTH, HEIGHT, EDGE] = [250, 36, 200, 28, 8];

const left = ({ column }: Placed) => EDGE + column * COLUMN;
const middle = ({ row }: Placed) => EDGE + row * ROW + HEIGHT / 2;

function Drawing({ graph }: { graph: Graph }) {
  const texts = useTexts(assessmentTexts).graph;
  const [chosen, setChosen] = useState("target");
  const [open, setOpen] = useState<readonly string[]>([]);
  const shown = useMemo(() => grouped(graph, new Set(open)), [graph, open]);
  const nodes = useMemo(() => placed(shown), [shown]);
  const byId = useMemo(() => new Map(nodes.map((node) => [node.id, node])), [nodes]);
  const near = useMemo(() => neighbours(chosen, shown.edges), [chosen, shown]);
  const columns = 1 + Math.max(...nodes.map(({ column }) => column));
  const rows = 1 + Math.max(...nodes.map(({ row }) => row));
  const [width, height] = [2 * EDGE + (columns - 1) * COLUMN + WIDTH, 2 * EDGE + rows * ROW];
  const walk = (event: KeyboardEvent<SVGSVGElement>) => {
    const from = byId.get(chosen);
    const to = from === undefined ? null : stepFrom(event.key, from, nodes);
    if (to === null) return;
    event.preventDefault();
    setChosen(to.id);
    event.currentTarget.querySelector<SVGElement>(`[data-id="${CSS.escape(to.id)}"]`)?.focus();
  };
  return (
    <>
      <div className="graph-frame">
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be drawn in */}
        <svg
          className="graph"
          role="group"
          aria-label={texts.heading}
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          onKeyDown={walk}
        >
          {shown.edges.map(([from, to]) => (
            <Edge
              key={`${from} → ${to}`}
              from={byId.get(from)}
              to={byId.get(to)}
              isNear={from === chosen || to === chosen}
            />
          ))}
          {nodes.map((node) => (
            <Node
              key={node.id}
              node={node}
              isChosen={node.id === chosen}
              isNear={near.has(node.id)}
              joined={neighbours(node.id, shown.edges).size}
              choose={() => setChosen(node.id)}
              toggle={() => setOpen(toggled(graph, open, node.id))}
            />
          ))}
        </svg>
      </div>
      <Said node={byId.get(chosen)} />
      <p className="field-hint">
        {texts.hint}
        {shown === graph ? "" : ` ${texts.grouped(graph.nodes.length)}`}
      </p>
    </>
  );
}

function Edge({ from, to, isNear }: { from: Placed | undefined; to: Placed | undefined; isNear: boolean }) {
  if (from === undefined || to === undefined) return null;
  const [x1, x2] = [left(from) + WIDTH, left(to)];
  const bend = (x1 + x2) / 2;
  const path = `M${x1} ${middle(from)}C${bend} ${middle(from)} ${bend} ${middle(to)} ${x2} ${middle(to)}`;
  return <path className="graph-edge" d={path} data-near={isNear || undefined} />;
}

interface NodeProps {
  node: Placed;
  isChosen: boolean;
  isNear: boolean;
  joined: number;
  choose: () => void;
  /** Opens or closes it, where it is a group. */
  toggle: () => void;
}

function Node({ node, isChosen, isNear, joined, choose, toggle }: NodeProps) {
  const texts = useTexts(assessmentTexts).graph;
  const saying = useSaying();
  const { id, kind, label, verdict, group } = node;
  const said = [texts.kinds[kind], label, saying(node), texts.joined(joined)].filter((one) => one !== "").join(", ");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a button cannot be drawn
    <g
      className="graph-node"
      role="button"
      tabIndex={isChosen ? 0 : -1}
      {...(group === null ? { "aria-pressed": isChosen } : { "aria-expanded": group.isOpen })}
      aria-label={said}
      data-id={id}
      data-kind={kind}
      data-chosen={isChosen || undefined}
      data-near={isNear || undefined}
      {...(verdict === null ? {} : { "data-verdict": verdict })}
      transform={`translate(${left(node)} ${middle(node) - HEIGHT / 2})`}
      onFocus={choose}
      onClick={(event) => {
        event.currentTarget.focus();
        if (group !== null) toggle();
      }}
      onKeyDown={(event) => {
        if (group === null || (event.key !== "Enter" && event.key !== " ")) return;
        event.preventDefault();
        toggle();
      }}
    >
      <rect width={WIDTH} height={HEIGHT} rx={6} />
      {/* Cut off at its edge and not in its text, which must be what the node is called. */}
      <svg x={10} width={WIDTH - 16} height={HEIGHT} aria-hidden>
        <text y={18.5}>
          {group === null ? "" : group.isOpen ? "⊟ " : "⊞ "}
          {GLYPH[kind]} {verdict === null ? "" : `${VERDICT_GLYPH[verdict]} `}
          {label}
        </text>
      </svg>
    </g>
  );
}

function Said({ node }: { node: Placed | undefined }) {
  const texts = useTexts(assessmentTexts).graph;
  const saying = useSaying();
  if (node === undefined) return <p className="graph-said muted">{texts.choose}</p>;
  return (
    <p className="graph-said">
      <span className="muted">{texts.kinds[node.kind]}</span>{" "}
      <strong>
        <Name node={node} />
      </strong>{" "}
      {saying(node)}
    </p>
  );
}
