/** Two assessments side by side: which they are is in the address, and what changed is said first. */

import "../settings/css/settings.css";
import "./css/assessments.css";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowLeftRight } from "lucide-react";
import type { Shapes } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked, Empty } from "../../kit/Asked";
import { Page } from "../../kit/Page";
import { PanelTable } from "../../kit/PanelTable";
import { StateTag, type Tone } from "../../kit/Tags";
import { Moment } from "../../kit/Times";
import { VerdictTag } from "../../kit/VerdictTag";
import { defang, defangUrls } from "../../lib/defang";
import type { Assessment } from "../threat/evidence";
import { AssessmentTable } from "./AssessmentTable";
import { nameOf, titlesOf } from "./assessment";
import { useFactName } from "./factNames";
import { assessmentsQuery, comparisonQuery, untilThere } from "./queries";
import { useSourceName } from "./sourceNames";
import { assessmentTexts } from "./texts";

const route = getRouteApi("/inside/assessments/compare");

type Line = Shapes["LineReply"];

export function ComparePage() {
  const all = useTexts(assessmentTexts);
  const texts = all.comparison;
  const { a, b } = route.useSearch();
  const isWhole = a !== undefined && b !== undefined;
  return (
    <Page
      title={texts.title}
      lead={texts.lead}
      crumbs={[{ text: all.title, to: "/assessments" }]}
      {...(isWhole
        ? {
            actions: (
              <Link className="button button-secondary" to="/assessments/compare" search={{ a: b, b: a }}>
                <ArrowLeftRight aria-hidden size={15} />
                {texts.swap}
              </Link>
            ),
          }
        : {})}
    >
      {isWhole ? <Both a={a} b={b} /> : <Choose one={b ?? a} />}
    </Page>
  );
}

function Both({ a, b }: { a: string; b: string }) {
  const { pending } = useTexts(assessmentTexts);
  return (
    <Asked query={useQuery(comparisonQuery(a, b))}>
      {({ before, after, evidence }) =>
        evidence !== null && "indicators" in before && "indicators" in after ? (
          <Difference before={before} after={after} evidence={evidence} />
        ) : (
          <Empty title={pending} />
        )
      }
    </Asked>
  );
}

interface DifferenceProps {
  before: Assessment;
  after: Assessment;
  evidence: readonly Line[];
}

function Difference({ before, after, evidence }: DifferenceProps) {
  const { formats } = useSpeech();
  const texts = useTexts(assessmentTexts).comparison;
  const difference = after.risk_score - before.risk_score;
  const sign = difference > 0 ? "+" : difference < 0 ? "−" : "±";
  return (
    <>
      <div className="both">
        <Side title={texts.before} assessment={before} />
        <p className="both-step">
          <span aria-hidden>→</span>
          <strong>{texts.difference(`${sign}${formats.number(Math.abs(difference))}`)}</strong>
        </p>
        <Side title={texts.after} assessment={after} />
      </div>
      <Changes lines={evidence} titles={titlesOf(before, after)} />
    </>
  );
}

function Side({ title, assessment }: { title: string; assessment: Assessment }) {
  const { formats } = useSpeech();
  const texts = useTexts(assessmentTexts);
  const sourceName = useSourceName();
  const { assessment_id: id, verdict, risk_score: score, summary, created_at: at, depth, confidence } = assessment;
  return (
    <section className="panel stack" aria-label={title}>
      <h2 className="section-title">
        {title}:{" "}
        <Link to="/assessments/$id" params={{ id }} className="mono">
          {nameOf(assessment)}
        </Link>
      </h2>
      <p className="threat-tags">
        <VerdictTag verdict={verdict} />
        <strong>
          {texts.score} {formats.number(score)}
        </strong>
        <span className="muted">
          <Moment at={at} /> · {texts.depths[depth]} · {texts.facts.confidence} {formats.percent(confidence)}
        </span>
      </p>
      <p className="overview-summary">{defangUrls(summary)}</p>
      {assessment.missing.length === 0 ? null : (
        <p className="field-hint">
          {texts.facts.missing}: {assessment.missing.map(sourceName).join(", ")}
        </p>
      )}
    </section>
  );
}

const COLUMNS = ["change", "source", "name", "before", "after"] as const;
const TONE: Record<Line["change"], Tone> = { new: "bad", gone: "good", more: "warn", less: "warn", same: "plain" };

function Changes({ lines, titles }: { lines: readonly Line[]; titles: ReadonlyMap<string, string> }) {
  const { formats } = useSpeech();
  const texts = useTexts(assessmentTexts).comparison;
  const sourceName = useSourceName();
  const factName = useFactName();
  const said = (points: number | null) => (points === null ? "–" : formats.points(points));
  return (
    <section className="panel stack" aria-labelledby="changes">
      <h2 id="changes" className="section-title">
        {texts.heading}
      </h2>
      {lines.every(({ change }) => change === "same") ? <p className="empty">{texts.same}</p> : null}
      {lines.length === 0 ? null : (
        <PanelTable title={texts.heading} columns={COLUMNS} texts={texts.columns}>
          {lines.map((line) => (
            <tr key={`${line.observable} ${line.source} ${line.name}`}>
              <td>
                <StateTag tone={TONE[line.change]}>{texts.changes[line.change]}</StateTag>
              </td>
              <td>{line.source === "" ? texts.rule : sourceName(line.source)}</td>
              <th scope="row" className="cell-why">
                {line.observable === "" ? null : `${defang(line.observable)}: `}
                {titles.get(line.name) ?? factName(line.name)}
              </th>
              <td className="cell-score">{said(line.before)}</td>
              <td className="cell-score">{said(line.after)}</td>
            </tr>
          ))}
        </PanelTable>
      )}
    </section>
  );
}

/** The other one, from those of the same target and from the newest of all. */
function Choose({ one }: { one: string | undefined }) {
  const texts = useTexts(assessmentTexts);
  const known = useQuery({ ...untilThere(one ?? ""), enabled: one !== undefined }).data;
  const recent = useQuery(assessmentsQuery(undefined));
  const same = useQuery({ ...assessmentsQuery(known?.target), enabled: known != null });
  const linkOf = (id: string) => (one === undefined ? { b: id } : { a: id, b: one });
  const lists = [
    ...(known == null ? [] : [{ title: texts.comparison.sameTarget, query: same }]),
    { title: texts.all, query: recent },
  ];
  return (
    <>
      <p>{texts.comparison.pick}</p>
      {lists.map(({ title, query }) => (
        <section key={title} className="stack" aria-label={title}>
          <h2 className="section-title">{title}</h2>
          <Asked query={query}>
            {({ data }) => (
              <AssessmentTable
                title={title}
                assessments={data.filter(({ assessment_id: id }) => id !== one)}
                link={(id, name) => (
                  <Link to="/assessments/compare" search={linkOf(id)}>
                    {name}
                  </Link>
                )}
              />
            )}
          </Asked>
        </section>
      ))}
    </>
  );
}
