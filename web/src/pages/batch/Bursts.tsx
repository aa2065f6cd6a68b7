/** What events say only together: correlations that came true. */

import { Link } from "@tanstack/react-router";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Fold } from "../../kit/Fold";
import { SeverityTag } from "../../kit/Tags";
import { severityOf } from "../threats/threat";
import { harmless, type Match } from "./batch";
import { batchTexts } from "./texts";

const SHOWN = 6;

export function Bursts({ id, bursts }: { id: string; bursts: readonly Match[] }) {
  const texts = useTexts(batchTexts).bursts;
  const list = (some: readonly Match[]) => (
    <ul className="rows">
      {some.map((match) => (
        <Line key={`${match.rule.rule_id} ${match.line} ${match.at}`} id={id} match={match} />
      ))}
    </ul>
  );
  return (
    <section className="panel stack" aria-labelledby="bursts">
      <div>
        <h2 id="bursts" className="section-title">
          {texts.heading}
        </h2>
        <p className="field-hint">{texts.lead}</p>
      </div>
      {bursts.length === 0 ? <p className="empty">{texts.none}</p> : list(bursts.slice(0, SHOWN))}
      {bursts.length > SHOWN ? (
        <Fold label={texts.more(bursts.length - SHOWN)}>{() => list(bursts.slice(SHOWN))}</Fold>
      ) : null}
    </section>
  );
}

function Line({ id, match: { rule, burst, at, line } }: { id: string; match: Match }) {
  return (
    <li className="entity">
      <p className="entity-head">
        <Link to="/telemetry/$id" params={{ id }} search={{ rule: rule.rule_id, line: String(line) }} hash="rules">
          {rule.title}
        </Link>
        <span className="grow" />
        <SeverityTag severity={severityOf(rule.level)} />
      </p>
      {burst === null ? null : <Counted burst={burst} at={at} />}
    </li>
  );
}

export function Counted({ burst, at }: { burst: NonNullable<Match["burst"]>; at: string | null }) {
  const { formats } = useSpeech();
  const texts = useTexts(batchTexts).bursts;
  return (
    <>
      <p>
        {texts.counted(burst.is_capped ? `${formats.number(burst.count)}+` : formats.number(burst.count))}{" "}
        {at === null ? null : texts.between(formats.moment(at), formats.moment(burst.last))}
      </p>
      <p className="field-hint">
        {Object.entries(burst.group).map(([name, value]) => (
          <span key={name} className="burst-group">
            {name} <span className="mono">{harmless(value)}</span>
          </span>
        ))}
      </p>
      <p className="field-hint">
        {texts.lines} <span className="mono">{burst.lines.join(", ")}</span>
      </p>
    </>
  );
}
