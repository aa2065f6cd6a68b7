/** Who is asked about indicators: how each stands, what is left of its quota, and how old the local lists are. */

import "../css/settings.css";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";
import type { Shapes } from "../../../api/server";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Asked, Empty } from "../../../kit/Asked";
import { WordButton } from "../../../kit/Buttons";
import { Choice } from "../../../kit/Choice";
import { Fact } from "../../../kit/Fact";
import { Level } from "../../../kit/Level";
import { Page } from "../../../kit/Page";
import { PanelTable } from "../../../kit/PanelTable";
import { StateTag } from "../../../kit/Tags";
import { Moment } from "../../../kit/Times";
import { oneOf } from "../../../lib/oneOf";
import { type Quota, type Source, STATE_TONE, STATES, sourcesQuery } from "./sources";
import { sourceTexts } from "./texts";

const route = getRouteApi("/inside/settings/sources");

export function SourcesPage() {
  const texts = useTexts(sourceTexts);
  const query = useQuery(sourcesQuery);
  return (
    <Page title={texts.title} lead={texts.lead}>
      <Asked query={query}>
        {({ sources, knowledge }) => (
          <>
            <Sources sources={sources} />
            <Knowledge knowledge={knowledge} />
          </>
        )}
      </Asked>
    </Page>
  );
}

function Sources({ sources }: { sources: readonly Source[] }) {
  const texts = useTexts(sourceTexts);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const state = oneOf(search.state, STATES);
  const shown = sources.filter((source) => state === undefined || source.state === state);
  const narrow = (id: string) => void navigate({ search: id === "any" ? {} : { state: id }, replace: true });
  return (
    <>
      <div className="filter-row">
        <Choice
          label={texts.filter}
          value={state ?? "any"}
          options={[{ id: "any", text: texts.any }, ...STATES.map((id) => ({ id, text: texts.states[id] }))]}
          onChange={narrow}
        />
      </div>
      {shown.length === 0 ? (
        <Empty title={texts.none} action={<WordButton onPress={() => narrow("any")}>{texts.clear}</WordButton>} />
      ) : (
        <SourceTable sources={shown} />
      )}
    </>
  );
}

const COLUMNS = ["source", "state", "key", "quota"] as const;

function SourceTable({ sources }: { sources: readonly Source[] }) {
  const texts = useTexts(sourceTexts);
  return (
    <PanelTable title={texts.title} columns={COLUMNS} texts={texts.columns}>
      {sources.map((source) => (
        <Row key={source.name} source={source} />
      ))}
    </PanelTable>
  );
}

function Row({ source }: { source: Source }) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(sourceTexts);
  const { title, homepage, state, quotas } = source;
  return (
    <tr data-ended={state === "off"}>
      <th scope="row" className="key-name">
        {homepage === "" ? (
          title
        ) : (
          <a href={homepage} target="_blank" rel="noreferrer">
            {title}
            <ExternalLink aria-hidden size={13} />
            <span className="visually-hidden"> ({shared.sources.homepage})</span>
          </a>
        )}
      </th>
      <td>
        <StateTag tone={STATE_TONE[state]}>{texts.states[state]}</StateTag>
        {texts.stateHints[state] === undefined ? null : (
          <span className="field-hint key-hint">{texts.stateHints[state]}</span>
        )}
      </td>
      <td>{texts.keys[keyWord(source)]}</td>
      <td>
        {quotas.length === 0 ? <span className="muted">{texts.uncounted}</span> : null}
        {quotas.map((quota) => (
          <QuotaLevel key={quota.seconds} quota={quota} name={title} />
        ))}
      </td>
    </tr>
  );
}

function keyWord({ key, has_key }: Source): "none" | "set" | "optional" | "missing" {
  if (has_key) return "set";
  return { none: "none", optional: "optional", required: "missing" }[key] as "none" | "optional" | "missing";
}

function QuotaLevel({ quota: { limit, remaining, seconds, resets_at }, name }: { quota: Quota; name: string }) {
  const { formats } = useSpeech();
  const texts = useTexts(sourceTexts);
  const used = limit - remaining;
  const said = `${texts.of(formats.number(used), formats.number(limit))} · ${formats.duration(seconds)}`;
  return (
    <Level used={used} limit={limit} said={said} label={name} {...(remaining === 0 ? { tone: "bad" } : {})}>
      {used === 0 ? null : (
        <span className="field-hint">
          {texts.full} <Moment at={resets_at} />
        </span>
      )}
    </Level>
  );
}

function Knowledge({ knowledge }: { knowledge: Shapes["KnowledgeReply"] | null }) {
  const { formats } = useSpeech();
  const texts = useTexts(sourceTexts).knowledge;
  return (
    <section className="panel stack" aria-labelledby="knowledge">
      <h2 id="knowledge" className="section-title">
        {texts.heading}
      </h2>
      <p className="field-hint">{texts.lead}</p>
      {knowledge === null ? (
        <p className="muted">{texts.building}</p>
      ) : (
        <>
          <dl className="key-facts">
            <Fact name={texts.built}>
              <Moment at={knowledge.built_at} />
            </Fact>
            {Object.entries(texts.counts)
              .filter(([what]) => knowledge.counts[what] !== undefined)
              .map(([what, word]) => (
                <Fact key={what} name={word}>
                  {formats.number(knowledge.counts[what] ?? 0)}
                </Fact>
              ))}
            <Fact name={texts.packages} isWide>
              {knowledge.packages.map(({ name, version }) => (
                <code key={name} className="package">
                  {`${name} ${version}`}
                </code>
              ))}
            </Fact>
          </dl>
          <p className="field-hint">
            {texts.rebuild} <code>cybervault intel build</code>
          </p>
        </>
      )}
    </section>
  );
}
