/** The observables looked at last. Picking one fills the field; it starts nothing. */

import { useSpeech } from "../../i18n/language";
import { WordButton } from "../../kit/Buttons";
import { VerdictTag } from "../../kit/VerdictTag";
import { defang } from "../../lib/defang";
import type { Recent } from "../../lib/recent";

interface RecentListProps {
  items: readonly Recent[];
  onPick: (value: string) => void;
  onClear: () => void;
}

export function RecentList({ items, onPick, onClear }: RecentListProps) {
  const { texts } = useSpeech();
  return (
    <section className="recent" aria-labelledby="recent-heading">
      <header className="section-head">
        <h2 id="recent-heading" className="section-title">
          {texts.recent.heading}
        </h2>
        <span className="muted">{texts.recent.note}</span>
        <span className="grow" />
        {items.length > 0 ? (
          <WordButton variant="quiet" onPress={onClear}>
            {texts.recent.clear}
          </WordButton>
        ) : null}
      </header>
      {items.length === 0 ? (
        <p className="empty">{texts.recent.empty}</p>
      ) : (
        <ul className="recent-list">
          {items.map((item) => (
            <RecentItem key={item.value} item={item} onPick={onPick} />
          ))}
        </ul>
      )}
    </section>
  );
}

function RecentItem({ item, onPick }: { item: Recent; onPick: (value: string) => void }) {
  const { texts, formats } = useSpeech();
  const shown = defang(item.value);
  return (
    <li className="recent-item">
      <WordButton variant="quiet" aria-label={texts.recent.reuse(shown)} onPress={() => onPick(item.value)}>
        <span className="mono recent-value">{shown}</span>
      </WordButton>
      <span className="muted recent-kind">{texts.kinds[item.kind]}</span>
      {/* A vulnerability has no verdict. */}
      {item.kind === "cve" ? <span /> : <VerdictTag verdict={item.verdict} />}
      <span className="recent-score">{item.score === null ? "" : formats.number(item.score)}</span>
      <span className="muted recent-when">{formats.ago(item.at, Date.now())}</span>
    </li>
  );
}
