/** The score, one sentence why, and the facts. */

import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Fact } from "../../kit/Fact";
import { Moment } from "../../kit/Times";
import { defang, defangUrls } from "../../lib/defang";
import { Who } from "../../session/Who";
import { isTelemetry, severityOf, type Threat } from "../threats/threat";
import { categoryOf, threatWords } from "../threats/words";
import type { Assessment } from "./evidence";
import { threatTexts } from "./texts";

export function Overview({ threat, assessment }: { threat: Threat; assessment: Assessment | null }) {
  const { formats } = useSpeech();
  const texts = useTexts(threatTexts);
  return (
    <section className="panel overview" aria-labelledby="overview">
      <h2 id="overview" className="visually-hidden">
        {texts.overview}
      </h2>
      <div className="overview-score" data-severity={severityOf(threat.severity)}>
        <span className="field-label">{texts.score}</span>
        <strong>{formats.number(threat.score)}</strong>
        <span className="field-hint">{texts.outOf}</span>
        <span className="overview-bar" aria-hidden>
          <span style={{ inlineSize: `${threat.score}%` }} />
        </span>
        {assessment === null ? null : (
          <span className="field-hint">
            {texts.confidence} {formats.percent(assessment.confidence)}
          </span>
        )}
      </div>
      <div className="stack">
        {assessment === null ? null : <p className="overview-summary">{defangUrls(assessment.summary)}</p>}
        <Facts threat={threat} />
      </div>
    </section>
  );
}

function Facts({ threat }: { threat: Threat }) {
  const { formats } = useSpeech();
  const texts = useTexts(threatTexts).facts;
  const words = useTexts(threatWords);
  return (
    <dl className="facts">
      <Fact name={texts.type}>{categoryOf(threat.type, words)}</Fact>
      <Fact name={isTelemetry(threat) ? texts.record : texts.target}>
        <span className="mono">{isTelemetry(threat) ? threat.value : defang(threat.value)}</span>
      </Fact>
      <Fact name={texts.source}>
        {threat.source_ip === null ? texts.unknown : <span className="mono">{defang(threat.source_ip)}</span>}
      </Fact>
      <Fact name={texts.created}>
        <Moment at={threat.created_at} />
      </Fact>
      <Fact name={texts.seen}>
        <Moment at={threat.last_seen_at} />
      </Fact>
      <Fact name={texts.sightings}>{formats.number(threat.sightings)}</Fact>
      <Fact name={texts.updated}>
        <Moment at={threat.updated_at} /> {texts.by} <Who actor={threat.updated_by} />
      </Fact>
    </dl>
  );
}
