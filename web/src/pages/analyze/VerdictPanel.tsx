/** The verdict: word, sign, score with its range, what it rests on, and one sentence. */

import type { ReactNode } from "react";
import type { Priority, Score } from "../../api/events";
import type { Texts } from "../../i18n/en";
import { useSpeech } from "../../i18n/language";
import { SEVERITY_GLYPH, VERDICT_GLYPH } from "../../lib/score";
import { type Analysis, isBusy } from "./state";

export function VerdictPanel({ analysis }: { analysis: Analysis }) {
  const { texts } = useSpeech();
  const { score } = analysis;
  const isRunning = isBusy(analysis) && !score?.isFinal;
  return (
    <section className="panel verdict-panel" aria-label={texts.result.heading} {...toneOf(score)}>
      <div className="verdict-top">
        <span className="verdict-glyph" aria-hidden>
          {glyphOf(score)}
        </span>
        <div className="verdict-said">
          <p className="verdict-word">
            {score === null ? (isRunning ? texts.result.weighing : texts.result.notWeighed) : wordOf(score, texts)}
            {score === null || score.isFinal ? null : (
              <span className="tag running">{isRunning ? texts.result.running : texts.result.incomplete}</span>
            )}
          </p>
          <p className="verdict-summary">{score?.summary || (isRunning ? texts.result.waiting : "")}</p>
        </div>
        {score === null && !isRunning ? null : <ScoreNumber score={score} />}
      </div>
      {score === null && !isRunning ? null : <Scale score={score} />}
      <Facts analysis={analysis} />
    </section>
  );
}

/** A vulnerability is not malicious or benign: its severity takes the verdict's place. */
export function wordOf(score: Score, texts: Texts): string {
  return score.score === null
    ? `${texts.result.severity}: ${texts.severities[score.severity].toLowerCase()}`
    : texts.verdicts[score.verdict];
}

function glyphOf(score: Score | null): string {
  if (score === null) return "…";
  return score.score === null ? SEVERITY_GLYPH[score.severity] : VERDICT_GLYPH[score.verdict];
}

function toneOf(score: Score | null): { "data-verdict"?: string; "data-severity"?: string } {
  if (score === null) return { "data-verdict": "none" };
  return score.score === null ? { "data-severity": score.severity } : { "data-verdict": score.verdict };
}

function ScoreNumber({ score }: { score: Score | null }) {
  const { texts, formats } = useSpeech();
  if (score !== null && score.score === null) return <p className="score-none">{texts.result.notWeighed}</p>;
  return (
    <p className="score">
      <span className="visually-hidden">{texts.result.score}: </span>
      <span className="score-number">{score?.score == null ? "–" : formats.number(score.score)}</span>
      <span className="score-of">{texts.result.outOf}</span>
    </p>
  );
}

/** A line from 0 to 100 with the score as a mark on its range. */
function Scale({ score }: { score: Score | null }) {
  const { texts } = useSpeech();
  if (score !== null && score.score === null) return score.priority && <PriorityFacts priority={score.priority} />;
  const low = score?.low ?? 0;
  const high = score?.high ?? 100;
  return (
    <div className="scale">
      <div className="scale-track" aria-hidden>
        {score?.score == null ? null : (
          <>
            <div className="scale-range" style={{ insetInlineStart: `${low}%`, inlineSize: `${high - low}%` }} />
            <div className="scale-mark" style={{ insetInlineStart: `${score.score}%` }} />
          </>
        )}
      </div>
      <div className="scale-ends">
        <span aria-hidden>0</span>
        <span title={texts.result.intervalHint}>
          {score === null || low === high ? "\u00a0" : texts.result.interval(low, high)}
        </span>
        <span aria-hidden>100</span>
      </div>
    </div>
  );
}

function PriorityFacts({ priority }: { priority: Priority }) {
  const { texts, formats } = useSpeech();
  const { isKnownExploited, exploitProbability, cvss } = priority;
  const known =
    isKnownExploited === null ? texts.result.notKnown : isKnownExploited ? texts.result.yes : texts.result.no;
  return (
    <dl className="facts">
      <Fact name={texts.result.exploited}>{known}</Fact>
      <Fact name={texts.result.exploitProbability}>
        {exploitProbability === null ? texts.result.notKnown : formats.percent(exploitProbability)}
      </Fact>
      <Fact name={texts.result.cvss}>{cvss === null ? texts.result.notKnown : formats.number(cvss, 1)}</Fact>
    </dl>
  );
}

function Facts({ analysis }: { analysis: Analysis }) {
  const { texts, formats } = useSpeech();
  const { score, model, meta, milliseconds } = analysis;
  const kind = meta?.kind ?? null;
  return (
    <dl className="facts">
      <Fact name={texts.result.confidence}>{score === null ? "–" : texts.levels[score.confidence]}</Fact>
      <Fact name={texts.result.coverage} hint={texts.result.coverageHint}>
        {score === null ? "–" : formats.percent(score.coverage)}
      </Fact>
      <Fact name={texts.result.conflict} hint={texts.result.conflictHint}>
        {score === null ? "–" : formats.percent(score.conflict)}
      </Fact>
      <Fact name={texts.result.severity}>{score === null ? "–" : texts.severities[score.severity]}</Fact>
      <Fact name={texts.result.type}>{kind === null ? "–" : texts.kinds[kind]}</Fact>
      <Fact name={texts.result.took}>
        {milliseconds === null ? "–" : `${formats.number(milliseconds / 1000, 1)} s`}
      </Fact>
      <Fact isWide name={texts.result.model}>
        {model === "" ? "–" : model}
      </Fact>
    </dl>
  );
}

interface FactProps {
  name: string;
  hint?: string;
  isWide?: boolean;
  children: ReactNode;
}

function Fact({ name, hint, isWide = false, children }: FactProps) {
  return (
    <div className={isWide ? "fact fact-wide" : "fact"} title={hint}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
