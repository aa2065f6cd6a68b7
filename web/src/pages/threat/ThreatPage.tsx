/** One threat: what it is and why, where it stands, what happened to it, and what to do about it. */

import "../threats/css/threats.css";
import "./css/threat.css";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { Refusal } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked, Empty, Refused, Waiting } from "../../kit/Asked";
import { CopyButton, WordButton } from "../../kit/Buttons";
import { Fold } from "../../kit/Fold";
import { Page } from "../../kit/Page";
import { RawText } from "../../kit/RawText";
import { SeverityTag } from "../../kit/Tags";
import { VerdictTag } from "../../kit/VerdictTag";
import { can, useSession } from "../../session/session";
import { Behaviours } from "../assessments/Behaviours";
import { Recommended } from "../response/Recommended";
import { responseTexts } from "../response/texts";
import { assessmentQuery, threatQuery } from "../threats/queries";
import { StatusDialog } from "../threats/StatusDialog";
import { StatusTag } from "../threats/StatusTag";
import { isTelemetry, nameOf, severityOf, type Threat } from "../threats/threat";
import { categoryOf, placeOf, threatWords } from "../threats/words";
import { Evidence } from "./Evidence";
import type { Assessment } from "./evidence";
import { History } from "./History";
import { Indicators } from "./Indicators";
import { Life } from "./Life";
import { Matrix } from "./Matrix";
import { Overview } from "./Overview";
import { threatTexts } from "./texts";

const GraphPanel = lazy(async () => ({ default: (await import("../assessments/GraphPanel")).GraphPanel }));
const route = getRouteApi("/inside/threats/$id");

export function ThreatPage() {
  const texts = useTexts(threatTexts);
  const { id } = route.useParams();
  const query = useQuery(threatQuery(id));
  if (query.error instanceof Refusal && query.error.status === 404) {
    return (
      <Page title={texts.missing.title} crumbs={[{ text: texts.threats, to: "/threats" }]}>
        <Empty title={texts.missing.title} action={<Link to="/threats">{texts.threats}</Link>}>
          {texts.missing.text}
        </Empty>
      </Page>
    );
  }
  if (query.data === undefined) {
    return (
      <Page title={id} crumbs={[{ text: texts.threats, to: "/threats" }]}>
        <Asked query={query}>{() => null}</Asked>
      </Page>
    );
  }
  return <Found threat={query.data} />;
}

function Found({ threat }: { threat: Threat }) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(threatTexts);
  const words = useTexts(threatWords);
  const assessment = useQuery(assessmentQuery(threat.assessment_id));
  const isGone = assessment.error instanceof Refusal && assessment.error.status === 404;
  const known = assessment.data ?? null;
  return (
    <Page
      title={nameOf(threat)}
      windowTitle={texts.windowTitle(nameOf(threat))}
      crumbs={[{ text: texts.threats, to: "/threats" }]}
      actions={<Actions threat={threat} />}
    >
      <p className="threat-tags">
        <SeverityTag severity={severityOf(threat.severity)} />
        <VerdictTag verdict={threat.verdict} />
        <StatusTag status={threat.status} />
        <span className="muted">
          {categoryOf(threat.type, words)} · {placeOf(threat, words, shared.kinds)}
        </span>
      </p>
      <div className="threat-columns">
        <div className="threat-main">
          <Overview threat={threat} assessment={known} />
          {assessment.isPending ? <Waiting /> : null}
          {assessment.error !== null && !isGone ? (
            <Refused error={assessment.error} again={() => void assessment.refetch()} />
          ) : null}
          {assessment.isSuccess || isGone ? <Judgement threat={threat} assessment={known} /> : null}
        </div>
        <div className="threat-side">
          <Life threat={threat} />
          <History id={threat.id} />
        </div>
      </div>
      {known === null ? null : <Whole assessment={known} />}
      <Raw threat={threat} assessment={known} />
    </Page>
  );
}

function Judgement({ threat, assessment }: { threat: Threat; assessment: Assessment | null }) {
  return (
    <>
      {assessment === null ? null : <WhatToDo threat={threat} assessment={assessment} />}
      <Indicators threat={threat} assessment={assessment} />
      <Evidence assessment={assessment} />
      <Matrix threat={threat} assessment={assessment} />
    </>
  );
}

/** How it hangs together and when it was seen, across the whole page; `view` in the address says as what. */
function Whole({ assessment }: { assessment: Assessment }) {
  const { view } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <Suspense fallback={<Waiting />}>
        <GraphPanel
          assessment={assessment}
          isList={view === "list"}
          onView={(wanted) => void navigate({ search: wanted === "list" ? { view: wanted } : {}, replace: true })}
        />
      </Suspense>
      <Behaviours target={assessment.target} id={assessment.assessment_id} />
    </>
  );
}

function WhatToDo({ threat, assessment }: { threat: Threat; assessment: Assessment }) {
  const texts = useTexts(responseTexts);
  return (
    <section className="panel stack" aria-labelledby="what-to-do">
      <div>
        <h2 id="what-to-do" className="section-title">
          {texts.heading}
        </h2>
        <p className="field-hint">{texts.lead}</p>
      </div>
      <Recommended containment={assessment.containment} findingId={threat.id} />
    </section>
  );
}

function Actions({ threat }: { threat: Threat }) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(threatTexts);
  const words = useTexts(threatWords);
  const session = useSession();
  const [isChanging, setChanging] = useState(false);
  const isAllowed = can(session, "threat:write");
  return (
    <>
      {isAllowed ? null : (
        <span id="change-reason" className="field-hint">
          {words.needsWrite(session ? shared.roles[session.member.role] : "")}
        </span>
      )}
      {isTelemetry(threat) ? null : (
        <>
          <CopyButton text={threat.value} label={words.copyRaw} />
          <Link className="button button-secondary" to="/analyze" search={{ ioc: threat.value, run: "1" }}>
            {texts.analyse}
          </Link>
        </>
      )}
      <WordButton
        variant="primary"
        isDisabled={!isAllowed}
        {...(isAllowed ? {} : { "aria-describedby": "change-reason" })}
        onPress={() => setChanging(true)}
      >
        {texts.change}
      </WordButton>
      {isChanging ? <StatusDialog threats={[threat]} onClose={() => setChanging(false)} /> : null}
    </>
  );
}

function Raw({ threat, assessment }: { threat: Threat; assessment: Assessment | null }) {
  const texts = useTexts(threatTexts).raw;
  const text = JSON.stringify({ threat, assessment }, null, 2);
  return (
    <section aria-labelledby="raw">
      <h2 id="raw" className="visually-hidden">
        {texts.heading}
      </h2>
      <Fold label={texts.label}>{() => <RawText text={text} copy={texts.copy} />}</Fold>
    </section>
  );
}
