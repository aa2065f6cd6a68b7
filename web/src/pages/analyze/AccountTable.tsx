/** The account as a table, which says everything that the bars say and how each number came about. */

import type { ReactNode } from "react";
import { useSpeech } from "../../i18n/language";
import type { Line } from "./Account";

export function AccountTable({ lines }: { lines: readonly Line[] }) {
  const { texts } = useSpeech();
  const { columns } = texts.account;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard
    <section className="table-box" tabIndex={0} aria-label={texts.account.tableLabel}>
      <table className="table">
        <caption className="visually-hidden">{texts.account.tableCaption}</caption>
        <thead>
          <tr>
            <th scope="col">{columns.source}</th>
            <th scope="col">{columns.reason}</th>
            <Numeric>{columns.points}</Numeric>
            <Numeric>{columns.weight}</Numeric>
            <Numeric>{columns.freshness}</Numeric>
            <Numeric>{columns.share}</Numeric>
            <th scope="col">{columns.field}</th>
            <th scope="col">{columns.value}</th>
            <th scope="col">{columns.observed}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Row key={`${line.source} ${line.term?.item} ${line.term?.bin} ${line.term?.field}`} line={line} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Numeric({ children }: { children: ReactNode }) {
  return (
    <th scope="col" className="numeric">
      {children}
    </th>
  );
}

function Row({ line: { source, reason, points, term } }: { line: Line }) {
  const { formats } = useSpeech();
  return (
    <tr>
      <th scope="row">{source}</th>
      <td className="wide">{reason}</td>
      <td className="numeric">{formats.points(points)}</td>
      <td className="numeric">{term === null ? "" : formats.points(term.weight)}</td>
      <td className="numeric">{term === null ? "" : formats.percent(term.freshness)}</td>
      <td className="numeric">{term === null ? "" : formats.percent(term.share)}</td>
      <td className="mono">{term?.field}</td>
      <td className="mono">{term === null ? "" : shownValue(term.value)}</td>
      <td>{term?.observedAt ? formats.date(term.observedAt) : ""}</td>
    </tr>
  );
}

const VALUE_CHARACTERS_MAX = 80;

export function shownValue(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > VALUE_CHARACTERS_MAX ? `${text.slice(0, VALUE_CHARACTERS_MAX)}…` : text;
}
