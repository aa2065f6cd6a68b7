/** How sources stand, what is left of their quotas and how old the local lists are: each number leads to the sources. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Shapes } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked } from "../../kit/Asked";
import { Figure } from "../../kit/Figure";
import { StateTag } from "../../kit/Tags";
import { Moment } from "../../kit/Times";
import { byScarcity, STATE_TONE, STATES, scarcest, sourcesQuery } from "../settings/sources/sources";
import { sourceTexts } from "../settings/sources/texts";

const SCARCE_SHOWN = 5;

type Reply = Shapes["SourcesReply"];

export function Sources() {
  const query = useQuery(sourcesQuery);
  return (
    <div className="dashboard-wide">
      <Asked query={query}>{(reply) => <SourcesFigure reply={reply} />}</Asked>
    </div>
  );
}

function SourcesFigure({ reply: { sources, knowledge } }: { reply: Reply }) {
  const { formats } = useSpeech();
  const all = useTexts(sourceTexts);
  const texts = all.dashboard;
  const countOf = (state: string) => sources.filter((source) => source.state === state).length;
  return (
    <Figure
      title={all.title}
      lead={
        <>
          {texts.ready(formats.number(countOf("ready")), formats.number(sources.length))}{" "}
          {knowledge === null ? (
            all.knowledge.building
          ) : (
            <>
              {texts.lists} <Moment at={knowledge.built_at} />.
            </>
          )}
        </>
      }
      actions={<Link to="/settings/sources">{texts.all}</Link>}
      heads={[all.columns.source, texts.remaining]}
      rows={sources.map((source) => [source.title, <Remaining key={source.name} source={source} />])}
    >
      <ul className="statuses">
        {STATES.map((state) => (
          <li key={state}>
            <StateTag tone={STATE_TONE[state]}>{all.states[state]}</StateTag>
            <Link to="/settings/sources" search={{ state }} aria-label={`${all.states[state]}: ${countOf(state)}`}>
              {formats.number(countOf(state))}
            </Link>
          </li>
        ))}
      </ul>
      <ol className="rank-bars">
        {byScarcity(sources)
          .slice(0, SCARCE_SHOWN)
          .map(({ source, quota: { limit, remaining } }) => (
            <li key={source.name}>
              <Link to="/settings/sources" search={{ state: source.state }} className="rank-bar">
                <span className="rank-name">{source.title}</span>
                <span className="rank-count">{texts.left(formats.number(remaining), formats.number(limit))}</span>
                <span className="rank-track" aria-hidden>
                  <span style={{ inlineSize: `${(100 * remaining) / limit}%` }} />
                </span>
              </Link>
            </li>
          ))}
      </ol>
    </Figure>
  );
}

function Remaining({ source }: { source: Reply["sources"][number] }) {
  const { formats } = useSpeech();
  const all = useTexts(sourceTexts);
  const quota = scarcest(source);
  return (
    <Link to="/settings/sources" search={{ state: source.state }}>
      {quota === undefined
        ? `${all.states[source.state]}, ${all.dashboard.uncounted}`
        : all.dashboard.left(formats.number(quota.remaining), formats.number(quota.limit))}
    </Link>
  );
}
