/** One assessment that was kept: what came of it, who said what, how it hangs together, what was seen on other days. */

import "../settings/css/settings.css";
import "../threat/css/threat.css";
import "./css/assessments.css";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { Refusal } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked, Empty, Waiting } from "../../kit/Asked";
import { CopyButton } from "../../kit/Buttons";
import { Fact } from "../../kit/Fact";
import { Fold } from "../../kit/Fold";
import { Page } from "../../kit/Page";
import { PanelTable } from "../../kit/PanelTable";
import { RawText } from "../../kit/RawText";
import { SeverityTag } from "../../kit/Tags";
import { Moment } from "../../kit/Times";
import { VerdictTag } from "../../kit/VerdictTag";
import { defangUrls } from "../../lib/defang";
import { labelName } from "../../lib/labels";
import { Evidence } from "../threat/Evidence";
import type { Assessment } from "../threat/evidence";
import { severityOf } from "../threats/threat";
import { kindOf, nameOf } from "./assessment";
import { Behaviours } from "./Behaviours";
import { useFactName } from "./factNames";
import { untilThere } from "./queries";
import { useSourceName } from "./sourceNames";
import { assessmentTexts } from "./texts";

const GraphPanel = lazy(async () => ({ default: (await import("./GraphPanel")).GraphPanel }));
const route = getRouteApi("/inside/assessments/$id");

export function AssessmentPage() {
  const texts = useTexts(assessmentTexts);
  const { id } = route.useParams();
  const query = useQuery(untilThere(id));
  const crumbs = [{ text: texts.title, to: "/assessments" }];
  const isMissing = query.error instanceof Refusal && query.error.status === 404;
  if (query.data) return <Found assessment={query.data} />;
  return (
    <Page title={isMissing ? texts.missing.title : id} crumbs={crumbs}>
      {isMissing ? (
        <Empty title={texts.missing.title} action={<Link to="/assessments">{texts.all}</Link>}>
          {texts.missing.text}
        </Empty>
      ) : (
        <Asked query={query}>{() => <Empty title={texts.pending} />}</Asked>
      )}
    </Page>
  );
}

function Found({ assessment }: { assessment: Assessment }) {
  const texts = useTexts(assessmentTexts);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const name = nameOf(assessment);
  return (
    <Page
      title={name}
      windowTitle={texts.windowTitle(name)}
      crumbs={[{ text: texts.title, to: "/assessments" }]}
      actions={<Actions assessment={assessment} />}
    >
      <p className="threat-tags">
        <SeverityTag severity={severityOf(assessment.severity)} />
        <VerdictTag verdict={assessment.verdict} />
        <span className="muted">
          <SortName assessment={assessment} />
        </span>
      </p>
      <Overview assessment={assessment} />
      {kindOf(assessment) === undefined ? (
        <Evidence assessment={assessment} isOne />
      ) : (
        <BySource assessment={assessment} />
      )}
      <Suspense fallback={<Waiting />}>
        <GraphPanel
          assessment={assessment}
          isList={search.view === "list"}
          onView={(view) => void navigate({ search: view === "list" ? { view } : {}, replace: true })}
        />
      </Suspense>
      <Behaviours target={assessment.target} id={assessment.assessment_id} />
      <Raw assessment={assessment} />
    </Page>
  );
}

/** What sort of thing was assessed. */
export function SortName({ assessment }: { assessment: Assessment }) {
  const { texts: shared } = useSpeech();
  const records: Readonly<Record<string, string>> = useTexts(assessmentTexts).records;
  const kind = kindOf(assessment);
  return kind === undefined ? (records[assessment.target_type] ?? assessment.target_type) : shared.kinds[kind];
}

function Actions({ assessment: { assessment_id: id, target, ...rest } }: { assessment: Assessment }) {
  const texts = useTexts(assessmentTexts);
  const isIndicator = kindOf({ target, assessment_id: id, ...rest }) !== undefined;
  return (
    <>
      <CopyButton text={`${window.location.origin}/assessments/${id}`} label={texts.link} />
      {isIndicator ? (
        <Link className="button button-secondary" to="/analyze" search={{ ioc: target, run: "1" }}>
          {texts.again}
        </Link>
      ) : null}
      <Link className="button button-primary" to="/assessments/compare" search={{ b: id }}>
        {texts.compare}
      </Link>
    </>
  );
}

function Overview({ assessment }: { assessment: Assessment }) {
  const { formats } = useSpeech();
  const texts = useTexts(assessmentTexts);
  const sourceName = useSourceName();
  const { risk_score: score, severity, summary, confidence, depth, created_at: at, family, missing } = assessment;
  return (
    <section className="panel overview" aria-label={texts.overview}>
      <div className="overview-score" data-severity={severityOf(severity)}>
        <span className="field-label">{texts.score}</span>
        <strong>{formats.number(score)}</strong>
        <span className="field-hint">{texts.outOf}</span>
        <span className="overview-bar" aria-hidden>
          <span style={{ inlineSize: `${score}%` }} />
        </span>
      </div>
      <div className="stack">
        <p className="overview-summary">{defangUrls(summary)}</p>
        <dl className="facts">
          <Fact name={texts.facts.at}>
            <Moment at={at} />
          </Fact>
          <Fact name={texts.facts.confidence}>{formats.percent(confidence)}</Fact>
          <Fact name={texts.facts.depth}>{texts.depths[depth]}</Fact>
          {family === null ? null : <Fact name={texts.facts.family}>{labelName(family)}</Fact>}
          <Fact name={texts.facts.missing}>
            {missing.length === 0 ? texts.nobody : missing.map(sourceName).join(", ")}
          </Fact>
        </dl>
      </div>
    </section>
  );
}

const COLUMNS = ["source", "name", "points", "reason"] as const;

function BySource({ assessment }: { assessment: Assessment }) {
  const { formats } = useSpeech();
  const texts = useTexts(assessmentTexts).bySource;
  const sourceName = useSourceName();
  const factName = useFactName();
  const lines = assessment.indicators.flatMap(({ evidence }) => evidence);
  return (
    <section className="panel stack" aria-labelledby="by-source">
      <h2 id="by-source" className="section-title">
        {texts.heading}
      </h2>
      {lines.length === 0 ? (
        <p className="empty">{texts.none}</p>
      ) : (
        <PanelTable title={texts.heading} columns={COLUMNS} texts={texts.columns}>
          {lines.map(({ source, name, points, reason }) => (
            <tr key={`${source} ${name}`}>
              <th scope="row">{sourceName(source)}</th>
              <td>{factName(name)}</td>
              <td className="cell-score">{formats.points(points)}</td>
              <td className="cell-why">{defangUrls(reason)}</td>
            </tr>
          ))}
        </PanelTable>
      )}
      {assessment.warnings.map((warning) => (
        <p key={warning} className="field-hint">
          {defangUrls(warning)}
        </p>
      ))}
    </section>
  );
}

function Raw({ assessment }: { assessment: Assessment }) {
  const texts = useTexts(assessmentTexts).raw;
  const text = JSON.stringify(assessment, null, 2);
  return <Fold label={texts.label}>{() => <RawText text={text} copy={texts.copy} />}</Fold>;
}
