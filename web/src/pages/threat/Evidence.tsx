/** Why it is a threat: each reason with its points, each rule with its author, and what was not heard. */

import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Fold } from "../../kit/Fold";
import { SeverityTag } from "../../kit/Tags";
import { defangUrls } from "../../lib/defang";
import { useSourceName } from "../assessments/sourceNames";
import { severityOf } from "../threats/threat";
import { type Assessment, type Piece, piecesIn } from "./evidence";
import { threatTexts } from "./texts";

/** Of the newest assessment of a threat; where it `isOne`, of that which the page is about. */
export function Evidence({ assessment, isOne = false }: { assessment: Assessment | null; isOne?: boolean }) {
  const texts = useTexts(threatTexts).evidence;
  return (
    <section className="panel stack" aria-labelledby="evidence">
      <div>
        <h2 id="evidence" className="section-title">
          {texts.heading}
        </h2>
        {isOne ? null : <p className="field-hint">{assessment === null ? texts.gone : texts.newest}</p>}
      </div>
      {assessment === null ? null : <Pieces assessment={assessment} />}
    </section>
  );
}

function Pieces({ assessment }: { assessment: Assessment }) {
  const texts = useTexts(threatTexts).evidence;
  const sourceName = useSourceName();
  const pieces = piecesIn(assessment);
  return (
    <>
      {pieces.length === 0 ? <p className="empty">{texts.none}</p> : null}
      <ul className="rows">
        {pieces.map((piece) => (
          <Line key={piece.id} piece={piece} />
        ))}
      </ul>
      {assessment.missing.length === 0 ? null : (
        <p className="field-hint">{texts.missing(assessment.missing.map(sourceName).join(", "))}</p>
      )}
      {assessment.warnings.map((warning) => (
        <p key={warning} className="field-hint">
          {warning}
        </p>
      ))}
    </>
  );
}

function Line({ piece: { text, points, techniques, rule } }: { piece: Piece }) {
  const { formats } = useSpeech();
  const texts = useTexts(threatTexts).evidence;
  const facts = [
    points === 0 ? texts.notCounted : texts.counted(formats.points(points)),
    ...(rule === null ? [] : [texts.by(rule.author, rule.pack)]),
    ...(rule === null || rule.is_certain ? [] : [texts.uncertain]),
  ];
  return (
    <li className="piece">
      <p className="piece-text">
        {rule === null ? null : <span className="muted">{texts.rule}: </span>}
        {defangUrls(text)} {rule === null ? null : <SeverityTag severity={severityOf(rule.level)} />}
      </p>
      <p className="piece-facts">
        {facts.join(" · ")}
        {techniques.length === 0 ? null : <span className="mono"> · {techniques.join(" ")}</span>}
      </p>
      {points === 0 ? null : (
        <span className="piece-bar" aria-hidden data-against={points < 0 || undefined}>
          <span style={{ inlineSize: `${Math.min(100, Math.abs(points))}%` }} />
        </span>
      )}
      {rule === null || rule.false_positives.length === 0 ? null : (
        <Fold label={texts.falsePositives} fullLabel={`${texts.falsePositives}: ${rule.title}`}>
          {() => (
            <ul className="piece-list">
              {rule.false_positives.map((cause) => (
                <li key={cause}>{cause}</li>
              ))}
            </ul>
          )}
        </Fold>
      )}
    </li>
  );
}
