/** The audit log of the workspace, narrowed by the address, and the checkpoint that proves it. */

import { HeadRow } from "../../../kit/HeadRow";
import { idOf, useWho, Who } from "../../../session/Who";
import "../css/settings.css";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { Form } from "react-aria-components";
import type { Shapes } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { Asked, Empty } from "../../../kit/Asked";
import { WordButton } from "../../../kit/Buttons";
import { Pick, WordField } from "../../../kit/Fields";
import { Page } from "../../../kit/Page";
import { Moment } from "../../../kit/Times";
import { oneOf } from "../../../lib/oneOf";
import { can, useSession } from "../../../session/session";
import { More } from "../More";
import { ACTIONS } from "./actions";
import { CheckpointPanel } from "./CheckpointPanel";
import { type AuditFilters, auditQuery } from "./queries";
import { auditTexts } from "./texts";

const route = getRouteApi("/inside/settings/audit-log");

export function AuditPage() {
  const texts = useTexts(auditTexts);
  const isReader = can(useSession(), "audit:read");
  return (
    <Page title={texts.title} lead={texts.lead}>
      {isReader ? (
        <>
          <Filters />
          <Rows />
          <CheckpointPanel />
        </>
      ) : (
        <p className="notice">{texts.needsReader}</p>
      )}
    </Page>
  );
}

function Filters() {
  const texts = useTexts(auditTexts).filters;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [actor, setActor] = useState(search.actor ?? "");
  const [since, setSince] = useState(search.since ?? "");
  const [until, setUntil] = useState(search.until ?? "");
  // The address also changes by the way back, and by a name in a row.
  useEffect(() => {
    setActor(search.actor ?? "");
    setSince(search.since ?? "");
    setUntil(search.until ?? "");
  }, [search]);
  const apply = (event: FormEvent) => {
    event.preventDefault();
    void navigate({ search: { ...search, actor: actor.trim(), since, until } });
  };
  return (
    <Form className="panel audit-filters" onSubmit={apply}>
      <Pick
        label={texts.action}
        value={oneOf(search.action, ACTIONS) ?? "any"}
        options={[{ id: "any", text: texts.anyAction }, ...ACTIONS.map((id) => ({ id, text: id }))]}
        onChange={(action) => void navigate({ search: { ...search, action: action === "any" ? undefined : action } })}
      />
      <WordField label={texts.actor} placeholder="usr_…, key_…" value={actor} onChange={setActor} isMono />
      <WordField label={texts.since} type="date" value={since} onChange={setSince} />
      <WordField label={texts.until} type="date" value={until} onChange={setUntil} />
      <div className="button-row">
        <WordButton variant="primary" type="submit">
          {texts.apply}
        </WordButton>
        <WordButton onPress={() => void navigate({ search: {} })}>{texts.clear}</WordButton>
      </div>
    </Form>
  );
}

function Rows() {
  const texts = useTexts(auditTexts);
  const search = route.useSearch();
  const action = oneOf(search.action, ACTIONS);
  const filters: AuditFilters = {
    ...(action === undefined ? {} : { action }),
    ...(search.actor ? { actor: search.actor } : {}),
    ...(search.since ? { since: search.since } : {}),
    ...(search.until ? { until: search.until } : {}),
  };
  const query = useInfiniteQuery(auditQuery(filters));
  return (
    <>
      <Asked query={query}>
        {({ pages }) => {
          const rows = pages.flatMap(({ data }) => data);
          return rows.length === 0 && !query.hasNextPage ? (
            <Empty title={texts.none}>{texts.noneLead}</Empty>
          ) : (
            <AuditTable rows={rows} />
          );
        }}
      </Asked>
      <More query={query} label={texts.more} />
    </>
  );
}

const COLUMNS = ["number", "at", "action", "actor", "targets", "details", "from"] as const;

function AuditTable({ rows }: { rows: readonly Shapes["AuditRowReply"][] }) {
  const texts = useTexts(auditTexts);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and who has no pointer scrolls it by keys
    <section className="table-box panel-table" aria-label={texts.title} tabIndex={0}>
      <table className="table">
        <HeadRow columns={COLUMNS} texts={texts.columns} />
        <tbody>
          {rows.map((row) => (
            <AuditRow key={row.number} row={row} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function AuditRow({ row }: { row: Shapes["AuditRowReply"] }) {
  const texts = useTexts(auditTexts);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  // The filter takes the id.
  const actor = idOf(row.actor);
  const who = useWho(row.actor);
  return (
    <tr>
      <td className="numeric">{row.number}</td>
      <td>
        <Moment at={row.occurred_at} />
      </td>
      <th scope="row" className="mono">
        {row.action}
      </th>
      <td>
        {actor === null || actor === search.actor ? (
          <Who actor={row.actor} />
        ) : (
          <WordButton
            variant="quiet"
            aria-label={texts.onlyActor(who)}
            onPress={() => void navigate({ search: { ...search, actor } })}
          >
            <Who actor={row.actor} />
          </WordButton>
        )}
      </td>
      <td className="mono break audit-targets">{row.targets.join(", ") || "–"}</td>
      <td className="break">{row.is_erased ? texts.erased : detailsOf(row.details)}</td>
      <td title={[row.agent, row.request_id].filter(Boolean).join(" · ")} className="mono">
        {row.ip ?? "–"}
      </td>
    </tr>
  );
}

function detailsOf(details: Record<string, string>): string {
  return (
    Object.entries(details)
      .filter(([, value]) => value !== "")
      .map(([name, value]) => `${name}: ${value}`)
      .join(" · ") || "–"
  );
}
