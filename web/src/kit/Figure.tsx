/** A chart with its name above and the same numbers as a table below, on demand. */

import "./css/figure.css";
import { type ReactNode, useId } from "react";
import { useSpeech } from "../i18n/language";
import { Fold } from "./Fold";

interface FigureProps {
  title: string;
  actions?: ReactNode;
  /** What the chart says in words. */
  lead?: ReactNode;
  heads: readonly [string, string];
  rows: readonly (readonly [name: string, number: ReactNode])[];
  children: ReactNode;
}

export function Figure({ title, actions, lead, heads, rows, children }: FigureProps) {
  const { texts } = useSpeech();
  const id = useId();
  return (
    <section className="panel stack" aria-labelledby={id}>
      <div className="section-head">
        <h2 id={id} className="section-title">
          {title}
        </h2>
        <span className="grow" />
        {actions}
      </div>
      {lead === undefined ? null : <p className="field-hint">{lead}</p>}
      {children}
      <Fold label={texts.figure.asTable} fullLabel={`${texts.figure.asTable}: ${title}`}>
        {() => (
          <table className="figure-table">
            <caption className="visually-hidden">{title}</caption>
            <thead>
              <tr>
                {heads.map((head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(([name, number]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{number}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Fold>
    </section>
  );
}
