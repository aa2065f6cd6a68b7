/** The account behind the score: prior and terms as bars for and against, or as a table of equal content. */

import { useState } from "react";
import type { Score, Term } from "../../api/events";
import { useSpeech } from "../../i18n/language";
import { WordButton } from "../../kit/Buttons";
import { Choice } from "../../kit/Choice";
import { barPercent, roundToSum } from "../../lib/score";
import { AccountTable } from "./AccountTable";
import { type Analysis, isBusy, type SourceCard } from "./state";

export interface Line {
  source: string;
  reason: string;
  /** Rounded so that all lines add up to the shown sum. */
  points: number;
  term: Term | null;
}

/** The prior first, then the terms, the weightiest on top. */
export function linesOf(score: Score, sources: readonly SourceCard[], prior: [string, string]): Line[] {
  const terms = [...score.terms].sort((left, right) => Math.abs(right.points) - Math.abs(left.points));
  const points = roundToSum([score.prior, ...terms.map((term) => term.points)], score.logOdds);
  const titleOf = (name: string) => sources.find((card) => card.name === name)?.title ?? name;
  const ofTerms = terms.map((term, at) => ({
    source: titleOf(term.source),
    reason: term.reason || term.item,
    points: points[at + 1] ?? 0,
    term,
  }));
  return [{ source: prior[0], reason: prior[1], points: points[0] ?? 0, term: null }, ...ofTerms];
}

export function Account({ analysis }: { analysis: Analysis }) {
  const { texts } = useSpeech();
  const [view, setView] = useState<"bars" | "table">("bars");
  const { score, sources } = analysis;
  if (score?.isFinal && score.score === null) return null;
  const isWeighed = score !== null && score.score !== null;
  const lines = isWeighed ? linesOf(score, sources, [texts.account.prior, texts.account.priorReason]) : [];
  return (
    <section className="panel account" aria-labelledby="account-heading">
      <header className="section-head">
        <h3 id="account-heading" className="section-title">
          {texts.account.heading}
        </h3>
        <span className="grow" />
        <Choice
          label={texts.account.view}
          value={view}
          onChange={setView}
          options={[
            { id: "bars", text: texts.account.bars },
            { id: "table", text: texts.account.table },
          ]}
        />
      </header>
      <p className="muted account-lead">{texts.account.lead}</p>
      {lines.length === 0 ? <EmptyAccount isRunning={isBusy(analysis)} /> : null}
      {lines.length > 0 && view === "bars" ? <Bars lines={lines} /> : null}
      {lines.length > 0 && view === "table" ? <AccountTable lines={lines} /> : null}
      {isWeighed ? <Total score={score} hasTerms={lines.length > 1} /> : null}
    </section>
  );
}

function EmptyAccount({ isRunning }: { isRunning: boolean }) {
  const { texts } = useSpeech();
  return <p className="empty">{isRunning ? texts.account.empty : texts.account.emptyFinal}</p>;
}

const SHOWN_AT_FIRST = 9;

function Bars({ lines }: { lines: readonly Line[] }) {
  const { texts, formats } = useSpeech();
  const [isWhole, setWhole] = useState(false);
  const most = Math.max(...lines.map(({ points }) => Math.abs(points)));
  const shown = isWhole ? lines : lines.slice(0, SHOWN_AT_FIRST);
  const rest = lines.slice(shown.length);
  const restPoints = rest.reduce((sum, { points }) => sum + points, 0);
  return (
    <>
      <div className="bar-legend" aria-hidden>
        <span data-side="against">{texts.account.against}</span>
        <span data-side="for">{texts.account.for}</span>
      </div>
      <ul className="bars">
        {shown.map((line) => (
          <Bar
            key={`${line.source} ${line.term?.item} ${line.term?.bin} ${line.term?.field}`}
            line={line}
            most={most}
          />
        ))}
        {rest.length > 0 ? (
          <li className="bar-rest">
            <span>{texts.account.smaller(rest.length)}</span>
            <span className="bar-points">{formats.points(restPoints)}</span>
          </li>
        ) : null}
      </ul>
      {lines.length > SHOWN_AT_FIRST ? (
        <WordButton variant="quiet" onPress={() => setWhole(!isWhole)}>
          {isWhole ? texts.account.showFewer : texts.account.showAll}
        </WordButton>
      ) : null}
    </>
  );
}

function Bar({ line, most }: { line: Line; most: number }) {
  const { formats } = useSpeech();
  const side = line.points === 0 ? "neither" : line.points < 0 ? "against" : "for";
  return (
    <li className="bar" data-side={side}>
      <div className="bar-said">
        <span className="bar-source">{line.source}</span>
        <span className="bar-reason">{line.reason}</span>
      </div>
      <div className="bar-track" aria-hidden>
        <div className="bar-fill" style={{ inlineSize: `${barPercent(line.points, most) / 2}%` }} />
      </div>
      <span className="bar-points">{formats.points(line.points)}</span>
    </li>
  );
}

function Total({ score, hasTerms }: { score: Score; hasTerms: boolean }) {
  const { texts, formats } = useSpeech();
  return (
    <>
      <p className="account-total">
        <span>{texts.account.sum}</span>
        <span className="bar-points">{formats.points(score.logOdds)}</span>
        <span className="account-arrow" aria-hidden>
          →
        </span>
        <strong>
          {texts.result.score} {formats.number(score.score ?? 0)}
        </strong>
      </p>
      {!hasTerms && score.isFinal ? <p className="empty">{texts.account.emptyFinal}</p> : null}
      {score.counterfactuals.length > 0 ? (
        <div className="why-not">
          <h4>{texts.account.whyNot}</h4>
          <ul>
            {score.counterfactuals.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </div>
      ) : null}
      {score.weightsVersion === "" ? null : (
        <p className="account-version">{texts.account.version(score.weightsVersion)}</p>
      )}
    </>
  );
}
