/** What was bad in it: harmless to read, copied as it is on demand. */

import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { CopyButton } from "../../kit/Buttons";
import { VerdictTag } from "../../kit/VerdictTag";
import { defang, defangUrls } from "../../lib/defang";
import { KINDS } from "../../lib/detect";
import { kindOfIndicator, type Threat, valueOfIndicator } from "../threats/threat";
import { threatWords } from "../threats/words";
import type { Assessment } from "./evidence";
import { threatTexts } from "./texts";

export function Indicators({ threat, assessment }: { threat: Threat; assessment: Assessment | null }) {
  const texts = useTexts(threatTexts).indicators;
  return (
    <section className="panel stack" aria-labelledby="indicators">
      <h2 id="indicators" className="section-title">
        {texts.heading}
      </h2>
      {threat.indicators.length === 0 ? <p className="empty">{texts.none}</p> : null}
      <ul className="rows">
        {threat.indicators.map((indicator) => (
          <Indicator key={indicator} indicator={indicator} assessment={assessment} />
        ))}
      </ul>
    </section>
  );
}

function Indicator({ indicator, assessment }: { indicator: string; assessment: Assessment | null }) {
  const { formats, texts: shared } = useSpeech();
  const texts = useTexts(threatTexts).indicators;
  const words = useTexts(threatWords);
  const value = valueOfIndicator(indicator);
  const weighed = assessment?.indicators.find((one) => one.value === value);
  const kind = KINDS.find((one) => one === (weighed?.type ?? kindOfIndicator(indicator)));
  return (
    <li className="row">
      <div className="row-main">
        <span className="mono row-title">{defang(value)}</span>
        {kind === undefined ? null : <span className="muted">{shared.kinds[kind]} </span>}
        {weighed === undefined ? null : <VerdictTag verdict={weighed.verdict} />}
        {weighed?.score == null ? null : (
          <span className="field-hint">
            {" "}
            {texts.score} {formats.number(weighed.score)}
          </span>
        )}
        <p className="field-hint">{weighed === undefined ? texts.earlier : defangUrls(weighed.summary)}</p>
      </div>
      <span className="indicator-acts">
        <CopyButton text={value} label={words.copyRaw} />
        <Link className="button button-quiet" to="/analyze" search={{ ioc: value, run: "1" }}>
          <Search aria-hidden size={15} />
          {texts.analyse(shared.kinds[kind ?? "domain"])}
        </Link>
      </span>
    </li>
  );
}
