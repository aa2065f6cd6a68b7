/** What was seen of a target on which day, a row for each behaviour, and its other assessments to compare with. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked } from "../../kit/Asked";
import { Moment } from "../../kit/Times";
import { VerdictTag } from "../../kit/VerdictTag";
import type { Assessment } from "../threat/evidence";
import { type Timeline, timelineOf } from "./assessment";
import { useFactName } from "./factNames";
import { ofTargetQuery } from "./queries";
import { assessmentTexts } from "./texts";
import "./css/assessments.css";

/** `id` is that of the assessment which the page is about or rests on. */
export function Behaviours({ target, id }: { target: string; id: string }) {
  const texts = useTexts(assessmentTexts).days;
  const query = useQuery(ofTargetQuery(target));
  const factName = useFactName();
  return (
    <section className="panel stack" aria-labelledby="behaviours">
      <div>
        <h2 id="behaviours" className="section-title">
          {texts.heading}
        </h2>
        <p className="field-hint">{texts.lead}</p>
      </div>
      <Asked query={query}>
        {({ data }) => (
          <>
            <Days timeline={timelineOf(data, factName)} />
            <Every assessments={data} id={id} />
          </>
        )}
      </Asked>
    </section>
  );
}

function Days({ timeline: { days, rows, total } }: { timeline: Timeline }) {
  const { formats } = useSpeech();
  const texts = useTexts(assessmentTexts).days;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <div className="days-frame" tabIndex={0}>
      <table className="days">
        <thead>
          <tr>
            <th scope="col">{texts.behaviour}</th>
            {days.map((day) => (
              <th key={day} scope="col" title={formats.date(day)}>
                <time dateTime={day}>{day.slice(5)}</time>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[{ name: texts.all, counts: total }, ...rows].map(({ name, counts }, at) => (
            <tr key={name} data-all={at === 0 || undefined}>
              <th scope="row">{name}</th>
              {counts.map((count, place) => (
                <td key={days[place]} data-seen={count > 0 || undefined}>
                  {count > 0 ? <span>{formats.number(count)}</span> : null}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 ? <p className="field-hint">{texts.none}</p> : null}
    </div>
  );
}

const SHOWN_MAX = 10;

function Every({ assessments, id }: { assessments: readonly Assessment[]; id: string }) {
  const texts = useTexts(assessmentTexts);
  return (
    <>
      <h3 className="field-label">{texts.days.every}</h3>
      <ul className="rows">
        {assessments.slice(0, SHOWN_MAX).map((one) => (
          <One key={one.assessment_id} one={one} id={id} />
        ))}
      </ul>
      {assessments.length > SHOWN_MAX ? (
        <Link to="/assessments" search={{ target: assessments[0]?.target }}>
          {texts.all}
        </Link>
      ) : null}
    </>
  );
}

function One({ one, id }: { one: Assessment; id: string }) {
  const { formats, texts: shared } = useSpeech();
  const texts = useTexts(assessmentTexts);
  const said = `${shared.verdicts[one.verdict]} ${formats.moment(one.created_at)}`;
  return (
    <li className="row">
      <span className="row-main">
        <Link to="/assessments/$id" params={{ id: one.assessment_id }} className="row-title">
          <Moment at={one.created_at} />
        </Link>
        <VerdictTag verdict={one.verdict} />{" "}
        <span className="field-hint">
          {texts.score} {formats.number(one.risk_score)} · {texts.depths[one.depth]}
        </span>
      </span>
      {one.assessment_id === id ? (
        <span className="muted">{texts.days.this}</span>
      ) : (
        <Link
          className="button button-quiet"
          to="/assessments/compare"
          search={{ a: one.assessment_id, b: id }}
          aria-label={texts.days.than(said)}
        >
          {texts.days.compare}
        </Link>
      )}
    </li>
  );
}
