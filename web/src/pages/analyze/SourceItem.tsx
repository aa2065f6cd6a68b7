/** One source: how the asking ended, how long it took, what it says, and all of it on demand. */

import type { SourceState, Term } from "../../api/events";
import { useSpeech } from "../../i18n/language";
import { Fold } from "../../kit/Fold";
import { labelName } from "../../lib/labels";
import { STATE_GLYPH } from "../../lib/score";
import { SourceDetails } from "./SourceDetails";
import type { SourceCard } from "./state";

interface SourceItemProps {
  card: SourceCard;
  /** This source's terms in the account. */
  terms: readonly Term[];
  isRunning: boolean;
  onPick: (value: string) => void;
}

export function SourceItem({ card, terms, isRunning, onPick }: SourceItemProps) {
  const { texts } = useSpeech();
  const { title, report } = card;
  // A source that had not answered when the stream ended will not answer any more.
  const state = card.state === "pending" && !isRunning ? "failed" : card.state;
  return (
    <li className="source" data-state={state}>
      <div className="source-head">
        <h4 className="source-title">{title}</h4>
        <StateTag state={state} />
      </div>
      <p className="source-outcome">{useOutcome(card, state)}</p>
      <p className="source-labels">
        {report?.labels.map(([name, value]) => `${labelName(name)}: ${value}`).join(" · ")}
      </p>
      <Foot card={card} terms={terms} />
      <Fold label={texts.sources.details} fullLabel={texts.sources.detailsOf(title)} isWaiting={report === null}>
        {() => report && <SourceDetails card={card} report={report} terms={terms} onPick={onPick} />}
      </Fold>
    </li>
  );
}

function StateTag({ state }: { state: SourceState }) {
  const { texts } = useSpeech();
  return (
    <span className="tag state" data-state={state}>
      <span aria-hidden className="glyph">
        {STATE_GLYPH[state]}
      </span>
      {texts.sources.states[state]}
    </span>
  );
}

function useOutcome({ key, report }: SourceCard, state: SourceState): string {
  const { texts } = useSpeech();
  if (report !== null) return texts.sources.outcomes[report.outcome] ?? texts.sources.states[state];
  if (state === "failed") return texts.sources.unanswered;
  if (state === "skipped") return key === "required" ? texts.sources.keyRequired : texts.sources.notAsked;
  return "\u00a0";
}

function Foot({ card: { report }, terms }: { card: SourceCard; terms: readonly Term[] }) {
  const { texts, formats } = useSpeech();
  const sum = terms.reduce((total, { points }) => total + points, 0);
  const facts = [
    terms.length > 0 ? texts.sources.points(formats.points(sum)) : null,
    report?.milliseconds == null ? null : texts.sources.milliseconds(formats.number(report.milliseconds)),
    report?.cachedSeconds == null ? null : texts.sources.cached(formats.duration(report.cachedSeconds)),
  ];
  return <p className="source-foot">{facts.filter((fact) => fact !== null).join(" · ") || "\u00a0"}</p>;
}
