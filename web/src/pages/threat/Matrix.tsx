/** The techniques of a threat as a small matrix: a column a tactic, a number in each cell, arrows from cell to cell. */

import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useState } from "react";
import { useTexts } from "../../i18n/texts";
import type { Threat } from "../threats/threat";
import { type Assessment, columnsOf, countOf, isSubTechnique, type MatrixColumn } from "./evidence";
import { threatTexts } from "./texts";

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
};

export function Matrix({ threat, assessment }: { threat: Threat; assessment: Assessment | null }) {
  const texts = useTexts(threatTexts).attack;
  const columns = columnsOf(threat.mitre_attack);
  return (
    <section className="panel stack" aria-labelledby="attack">
      <h2 id="attack" className="section-title">
        {texts.heading}
      </h2>
      {columns.length === 0 ? (
        <p className="empty">{texts.none}</p>
      ) : (
        <>
          <Cells columns={columns} assessment={assessment} />
          <p className="field-hint">
            {texts.legend} {texts.keys}
          </p>
        </>
      )}
    </section>
  );
}

interface CellsProps {
  columns: readonly MatrixColumn[];
  assessment: Assessment | null;
}

function Cells({ columns, assessment }: CellsProps) {
  const texts = useTexts(threatTexts).attack;
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
                    {technique === undefined ? null : (
                      <Technique
                        technique={technique}
                        count={countOf(technique.technique_id, assessment)}
                        place={`${column} ${row}`}
                        isStop={place[0] === column && place[1] === row}
                      />
                    )}
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

/** Where a key leads: to the cell beside, or in a shorter column to its last one; null for other keys. */
function placeFrom(key: string, [column, row]: readonly [number, number], columns: readonly MatrixColumn[]) {
  const step = STEPS[key];
  if (step === undefined) return null;
  const toColumn = Math.min(Math.max(column + step[0], 0), columns.length - 1);
  const last = (columns[toColumn]?.techniques.length ?? 1) - 1;
  return [toColumn, Math.min(Math.max(row + step[1], 0), last)] as const;
}

interface TechniqueProps {
  technique: Threat["mitre_attack"][number];
  count: number;
  place: string;
  isStop: boolean;
}

function Technique({ technique: { technique_id: id, name }, count, place, isStop }: TechniqueProps) {
  const texts = useTexts(threatTexts).attack;
  return (
    <Link
      to="/threats"
      search={{ technique: id }}
      className={isSubTechnique(id) ? "technique technique-sub" : "technique"}
      data-place={place}
      data-count={Math.min(count, 3)}
      tabIndex={isStop ? 0 : -1}
    >
      <span className="technique-name">
        <span className="mono">{id}</span> {name ?? texts.unnamed}
      </span>
      <span className="technique-count">
        <span aria-hidden>{count}</span>
        <span className="visually-hidden">{texts.pieces(count)}</span>
      </span>
    </Link>
  );
}
