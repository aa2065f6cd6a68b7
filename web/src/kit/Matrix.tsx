/** Techniques as a small matrix: a column a tactic, a number in each cell, arrows from cell to cell. */

import "./css/matrix.css";
import { type KeyboardEvent, type ReactNode, useState } from "react";
import { useSpeech } from "../i18n/language";
import { useTexts } from "../i18n/texts";
import { columnsOf, isSubTechnique, type MatrixColumn, type Technique } from "../lib/attack";
import { matrixTexts } from "./matrixTexts";

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
};

/** What the link of a cell must have to be walked to and to look like one. */
interface CellProps {
  className: string;
  "data-place": string;
  "data-weight": number;
  tabIndex: number;
  children: ReactNode;
}

interface MatrixProps {
  title: string;
  techniques: readonly Technique[];
  countOf: (techniqueId: string) => number;
  /** A count in words, for who does not see where the number stands. */
  counted: (count: number) => string;
  /** What the numbers say and what Enter does. */
  legend: string;
  none: string;
  link: (techniqueId: string, cell: CellProps) => ReactNode;
}

export function Matrix(props: MatrixProps) {
  const texts = useTexts(matrixTexts);
  const columns = columnsOf(props.techniques);
  return (
    <section className="panel stack" aria-labelledby="attack">
      <h2 id="attack" className="section-title">
        {props.title}
      </h2>
      {columns.length === 0 ? (
        <p className="empty">{props.none}</p>
      ) : (
        <>
          <Cells {...props} columns={columns} />
          <p className="field-hint">
            {props.legend} {texts.keys}
          </p>
        </>
      )}
    </section>
  );
}

function Cells({ columns, ...props }: MatrixProps & { columns: readonly MatrixColumn[] }) {
  const texts = useTexts(matrixTexts);
  const [place, setPlace] = useState<readonly [number, number]>([0, 0]);
  const height = Math.max(...columns.map(({ techniques }) => techniques.length));
  const walk = (event: KeyboardEvent<HTMLTableElement>) => {
    const to = placeFrom(event.key, place, columns);
    if (to === null) return;
    event.preventDefault();
    setPlace(to);
    event.currentTarget.querySelector<HTMLElement>(`[data-place="${to.join(" ")}"]`)?.focus();
  };
  return (
    <div className="matrix-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid is what this table is to a keyboard */}
      <table className="matrix" role="grid" aria-label={texts.label} onKeyDown={walk}>
        <thead>
          <tr>
            {columns.map(({ tactic, techniques }) => (
              <th key={tactic} scope="col">
                {tactic === null ? texts.noTactic : texts.tactics[tactic]}{" "}
                <span className="matrix-total">{techniques.length}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: height }, (_, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row is its number
            <tr key={row}>
              {columns.map(({ tactic, techniques }, column) => {
                const technique = techniques[row];
                return (
                  <td key={tactic}>
                    {technique === undefined
                      ? null
                      : props.link(technique.technique_id, {
                          className: isSubTechnique(technique.technique_id) ? "technique technique-sub" : "technique",
                          "data-place": `${column} ${row}`,
                          "data-weight": weightOf(props.countOf(technique.technique_id)),
                          tabIndex: place[0] === column && place[1] === row ? 0 : -1,
                          children: <Label {...props} technique={technique} />,
                        })}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** One, a few, many: how strongly a cell is coloured beside the number that it says. */
function weightOf(count: number): number {
  if (count <= 1) return count;
  return count < 10 ? 2 : 3;
}

/** Where a key leads: to the cell beside, or in a shorter column to its last one; null for other keys. */
function placeFrom(key: string, [column, row]: readonly [number, number], columns: readonly MatrixColumn[]) {
  const step = STEPS[key];
  if (step === undefined) return null;
  const toColumn = Math.min(Math.max(column + step[0], 0), columns.length - 1);
  const last = (columns[toColumn]?.techniques.length ?? 1) - 1;
  return [toColumn, Math.min(Math.max(row + step[1], 0), last)] as const;
}

function Label({ technique: { technique_id: id, name }, countOf, counted }: MatrixProps & { technique: Technique }) {
  const { formats } = useSpeech();
  const texts = useTexts(matrixTexts);
  const count = countOf(id);
  return (
    <>
      <span className="technique-name">
        <span className="mono">{id}</span> {name ?? texts.unnamed}
      </span>
      <span className="technique-count">
        <span aria-hidden>{formats.number(count)}</span>
        <span className="visually-hidden">{counted(count)}</span>
      </span>
    </>
  );
}
