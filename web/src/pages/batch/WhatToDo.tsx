/** What to do about a match: the actions that fit the threat which it opened. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTexts } from "../../i18n/texts";
import { Asked } from "../../kit/Asked";
import { Recommended } from "../response/Recommended";
import { responseTexts } from "../response/texts";
import { threatsOfQuery } from "../telemetry/queries";
import { assessmentQuery } from "../threats/queries";
import { StatusTag } from "../threats/StatusTag";
import type { Threat } from "../threats/threat";
import { isThreatOf, type Match } from "./batch";
import { batchTexts } from "./texts";

export function WhatToDo({ match, threats: ids }: { match: Match; threats: readonly string[] }) {
  const texts = useTexts(responseTexts);
  const words = useTexts(batchTexts).todo;
  const query = useQuery(threatsOfQuery(ids));
  return (
    <section className="stack" aria-labelledby="what-to-do">
      <h4 id="what-to-do" className="section-title">
        {texts.heading}
      </h4>
      {ids.length === 0 ? (
        <p className="empty">{words.none}</p>
      ) : (
        <Asked query={query}>
          {(threats) => {
            const threat = threats.find(({ value }) => isThreatOf(value, match));
            return threat === undefined ? <p className="empty">{words.none}</p> : <About threat={threat} />;
          }}
        </Asked>
      )}
    </section>
  );
}

function About({ threat }: { threat: Threat }) {
  const words = useTexts(batchTexts).todo;
  const query = useQuery(assessmentQuery(threat.assessment_id));
  return (
    <>
      <p>
        {words.threat}{" "}
        <Link to="/threats/$id" params={{ id: threat.id }} className="mono">
          {threat.id}
        </Link>{" "}
        <StatusTag status={threat.status} />
      </p>
      <Asked query={query}>
        {(assessment) => <Recommended containment={assessment?.containment ?? []} findingId={threat.id} />}
      </Asked>
    </>
  );
}
