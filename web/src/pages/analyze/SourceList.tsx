/** The sources in fixed places, laid out before the first answer, so that nothing moves under the pointer. */

import { useSpeech } from "../../i18n/language";
import { SourceItem } from "./SourceItem";
import { type Analysis, isBusy, tally } from "./state";

export function SourceList({ analysis, onPick }: { analysis: Analysis; onPick: (value: string) => void }) {
  const { texts } = useSpeech();
  const { sources, score } = analysis;
  const { asked, pending } = tally(sources);
  return (
    <section className="sources" aria-labelledby="sources-heading">
      <header className="section-head">
        <h3 id="sources-heading" className="section-title">
          {texts.sources.heading}
        </h3>
        <span className="grow" />
        {asked > 0 ? <span className="muted">{texts.sources.progress(asked - pending, asked)}</span> : null}
      </header>
      <ul className="source-list">
        {sources.map((card) => (
          <SourceItem
            key={card.name}
            card={card}
            terms={score?.terms.filter((term) => term.source === card.name) ?? []}
            isRunning={isBusy(analysis)}
            onPick={onPick}
          />
        ))}
      </ul>
    </section>
  );
}
