/** One rule that fired: who wrote it and what it stands for, its matches, and of the chosen one why and on what. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ListBox, ListBoxItem } from "react-aria-components";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked } from "../../kit/Asked";
import { SeverityTag } from "../../kit/Tags";
import { pageOf } from "../../lib/attack";
import { More } from "../settings/More";
import { matchesQuery } from "../telemetry/queries";
import { severityOf } from "../threats/threat";
import { Counted } from "./Bursts";
import type { Match, Rule } from "./batch";
import { EventFields } from "./EventFields";
import { batchTexts } from "./texts";
import { WhatToDo } from "./WhatToDo";
import { Why } from "./Why";

const route = getRouteApi("/inside/telemetry/$id");

interface FiredProps {
  id: string;
  rule: Rule;
  /** Of the whole batch. */
  threats: readonly string[];
}

export function Fired({ id, rule, threats }: FiredProps) {
  const texts = useTexts(batchTexts).rules;
  return (
    <div className="fired">
      <div>
        <h3 className="fired-title">
          {rule.title} <SeverityTag severity={severityOf(rule.level)} />
        </h3>
        <Facts rule={rule} />
      </div>
      <Matches id={id} rule={rule} threats={threats} label={texts.matchesOf(rule.title)} />
    </div>
  );
}

function Facts({ rule }: { rule: Rule }) {
  const { formats } = useSpeech();
  const texts = useTexts(batchTexts).rules;
  return (
    <p className="field-hint">
      {texts.by(rule.author, rule.pack)} · {texts.times(rule.count, formats.number(rule.count))}
      {rule.first === null ? null : ` · ${formats.moment(rule.first)}`}
      {rule.last === null || rule.last === rule.first ? null : ` – ${formats.moment(rule.last)}`}
      {rule.mitre_attack.map((technique) => (
        <span key={technique}>
          {" · "}
          <a href={pageOf(technique)} target="_blank" rel="noreferrer" className="mono">
            {technique}
          </a>
        </span>
      ))}
      {" · "}
      <Link to="/settings/rules" search={{ rule: rule.rule_id }}>
        {texts.settings}
      </Link>
    </p>
  );
}

function Matches({ id, rule, threats, label }: FiredProps & { label: string }) {
  const texts = useTexts(batchTexts).rules;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(matchesQuery(id, rule.rule_id));
  return (
    <Asked query={query}>
      {({ pages }) => {
        const matches = pages
          .flatMap(({ data }) => data)
          .map((match, place) => ({ id: `${match.line} ${place}`, match }));
        const chosen = matches.find(({ match }) => String(match.line) === search.line) ?? matches[0];
        if (chosen === undefined) return <p className="empty">{texts.beyond}</p>;
        return (
          <>
            {matches.length === 1 ? null : (
              <ListBox
                className="match-list"
                aria-label={label}
                items={matches}
                selectionMode="single"
                selectionBehavior="replace"
                disallowEmptySelection
                selectedKeys={[chosen.id]}
                onSelectionChange={(keys) => {
                  const match = matches.find((one) => keys !== "all" && keys.has(one.id))?.match;
                  const line = match === undefined ? undefined : String(match.line);
                  void navigate({ search: { ...search, rule: rule.rule_id, line }, replace: true, resetScroll: false });
                }}
              >
                {({ id: key, match }) => (
                  <ListBoxItem id={key} textValue={String(match.line)} className="match-option">
                    <Option match={match} />
                  </ListBoxItem>
                )}
              </ListBox>
            )}
            <More query={query} label={texts.more} />
            <One match={chosen.match} threats={threats} />
          </>
        );
      }}
    </Asked>
  );
}

function Option({ match: { line, at, host, user, event } }: { match: Match }) {
  const { formats } = useSpeech();
  const texts = useTexts(batchTexts).match;
  return (
    <>
      <span className="mono">{texts.line(formats.number(line))}</span>
      <span>{[host, user].filter((name) => name !== null).join(" · ")}</span>
      <span className="field-hint">
        {at === null ? texts.noTime : formats.moment(at)}
        {event === null ? ` · ${texts.notKept}` : ""}
      </span>
    </>
  );
}

function One({ match, threats }: { match: Match; threats: readonly string[] }) {
  const { formats } = useSpeech();
  const texts = useTexts(batchTexts).match;
  const facts = [texts.line(formats.number(match.line)), match.host, match.user].filter((fact) => fact !== null);
  return (
    <div className="stack">
      <p>
        <strong>{facts.join(" · ")}</strong>
        {match.at === null ? null : <span className="muted"> · {formats.moment(match.at)}</span>}
      </p>
      {match.burst === null ? null : (
        <div>
          <h4>{texts.together}</h4>
          <Counted burst={match.burst} at={match.at} />
        </div>
      )}
      {match.burst === null && match.event === null ? <p className="notice">{texts.gone}</p> : null}
      {match.event === null ? null : (
        <>
          <Why rule={match.rule} event={match.event} />
          <EventFields event={match.event} />
        </>
      )}
      <WhatToDo match={match} threats={threats} />
    </div>
  );
}
