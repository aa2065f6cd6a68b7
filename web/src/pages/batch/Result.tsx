/** What came of a batch that is done: numbers, the rules that fired, when, by whom, and what was not read. */

import { getRouteApi, Link } from "@tanstack/react-router";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Empty } from "../../kit/Asked";
import { Matrix } from "../../kit/Matrix";
import { Bursts } from "./Bursts";
import type { Tally } from "./batch";
import { Entities } from "./Entities";
import { Faults } from "./Faults";
import { Findings } from "./Findings";
import { Timeline } from "./Timeline";
import { batchTexts } from "./texts";

const route = getRouteApi("/inside/telemetry/$id");

export function Result({ id, result }: { id: string; result: Tally }) {
  return (
    <div className="batch-result">
      <Counts result={result} />
      {result.matches_total === 0 ? <Nothing result={result} /> : <Matched id={id} result={result} />}
      <Faults result={result} />
    </div>
  );
}

function Counts({ result }: { result: Tally }) {
  const { formats } = useSpeech();
  const texts = useTexts(batchTexts).counts;
  const counts = [
    { name: texts.events, count: result.events },
    { name: texts.matched, count: result.matched },
    { name: texts.rules, count: result.by_rule.length },
    { name: texts.threats, count: result.threats.length },
    { name: texts.faults, count: result.not_read + result.not_recognised },
  ];
  return (
    <dl className="counts">
      {counts.map(({ name, count }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{formats.number(count)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Nothing({ result }: { result: Tally }) {
  const { formats } = useSpeech();
  const texts = useTexts(batchTexts).nothing;
  const isRead = result.events > result.not_recognised;
  return (
    <Empty title={isRead ? texts.title(formats.number(result.events)) : texts.unread}>
      {isRead ? texts.lead : texts.unreadLead}
    </Empty>
  );
}

function Matched({ id, result }: { id: string; result: Tally }) {
  const { formats } = useSpeech();
  const texts = useTexts(batchTexts).attack;
  const search = route.useSearch();
  const counts = new Map(result.techniques.map(({ technique_id: technique, count }) => [technique, count]));
  return (
    <>
      <Findings id={id} result={result} />
      <Timeline timeline={result.timeline} />
      <Matrix
        title={texts.heading}
        techniques={result.techniques}
        countOf={(technique) => counts.get(technique) ?? 0}
        counted={(count) => texts.counted(formats.number(count))}
        legend={texts.legend}
        none={texts.none}
        link={(technique, cell) => (
          <Link
            to="/telemetry/$id"
            params={{ id }}
            search={{ technique: search.technique === technique ? undefined : technique }}
            hash="rules"
            aria-current={search.technique === technique ? "true" : undefined}
            {...cell}
          />
        )}
      />
      <div className="batch-pair">
        <Entities entities={result.entities} />
        <Bursts id={id} bursts={result.bursts} />
      </div>
    </>
  );
}
