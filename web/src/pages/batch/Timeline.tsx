/** When the matches were, as bars of their levels. */

import type { Shapes } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Figure } from "../../kit/Figure";
import { SEVERITIES, SeverityTag } from "../../kit/Tags";
import { severityOf } from "../threats/threat";
import { barsOf, LEVELS } from "./batch";
import { batchTexts } from "./texts";

export function Timeline({ timeline }: { timeline: Shapes["TimelineReply"] }) {
  const { formats } = useSpeech();
  const texts = useTexts(batchTexts).timeline;
  const { seconds, bars } = barsOf(timeline);
  const most = Math.max(1, ...bars.map(({ total }) => total));
  const [first, last] = [bars[0], bars.at(-1)];
  if (first === undefined || last === undefined) return null;
  const present = LEVELS.filter((level) => bars.some(({ counts }) => counts[level] > 0)).map(severityOf);
  return (
    <Figure
      title={texts.heading}
      lead={texts.lead(formats.duration(seconds))}
      heads={[texts.when, texts.count]}
      rows={bars.filter(({ total }) => total > 0).map(({ at, total }) => [formats.moment(at), formats.number(total)])}
    >
      <ol className="time-bars" aria-label={texts.heading}>
        {bars.map(({ at, counts, total }) => (
          <li key={at} title={`${formats.moment(at)}: ${formats.number(total)}`}>
            <span className="visually-hidden">{total === 0 ? "" : texts.bar(formats.moment(at), total)}</span>
            <span className="time-bar" aria-hidden style={{ blockSize: `${(100 * total) / most}%` }}>
              {LEVELS.map((level) =>
                counts[level] === 0 ? null : (
                  <span key={level} data-severity={severityOf(level)} style={{ flexGrow: counts[level] }} />
                ),
              )}
            </span>
          </li>
        ))}
      </ol>
      <p className="time-ends">
        <span>{formats.moment(first.at)}</span>
        {bars.length > 1 ? <span>{formats.moment(last.at)}</span> : null}
      </p>
      <p className="time-legend">
        {SEVERITIES.filter((severity) => present.includes(severity)).map((severity) => (
          <SeverityTag key={severity} severity={severity} />
        ))}
      </p>
    </Figure>
  );
}
