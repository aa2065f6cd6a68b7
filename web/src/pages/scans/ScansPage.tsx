/** The scans of the tenant, the newest first: how each stands and what it saw. */

import "../threats/css/threats.css";
import "./css/scans.css";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useMemo, useRef } from "react";
import { Refusal } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked, Empty, Refused } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { Pick } from "../../kit/Fields";
import { Page } from "../../kit/Page";
import { useHotkeys } from "../../lib/hotkeys";
import { oneOf } from "../../lib/oneOf";
import { stepRow } from "../../lib/rowFocus";
import { can, useSession } from "../../session/session";
import { ScanTabs } from "./Parts";
import { grantsQuery, scansQuery } from "./queries";
import { ScanGrid } from "./ScanGrid";
import { PROFILES, type Scan, type ScanSearch, STATUSES } from "./search";
import { useSteady } from "./steady";
import { scansTexts } from "./texts";
import { scanWords } from "./words";

const route = getRouteApi("/inside/scans");
const ROW = "[role=row][data-key]";

export function ScansPage() {
  const texts = useTexts(scansTexts);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = useRef<HTMLDivElement>(null);
  const query = useQuery(scansQuery(search));
  useHotkeys(useMemo(() => ({ j: () => stepRow(list.current, ROW, 1), k: () => stepRow(list.current, ROW, -1) }), []));
  const isCursorOver = query.error instanceof Refusal && query.error.code === "invalid_cursor";
  return (
    <Page title={texts.title} lead={texts.lead} actions={<NewScan />}>
      <ScanTabs here="scans" />
      {query.data?.data.length === 0 && !isNarrowed(search) ? null : <Filters search={search} />}
      <div ref={list}>
        {isCursorOver ? (
          <Refused error={query.error} again={() => void navigate({ search: { ...search, cursor: undefined } })} />
        ) : (
          <Asked query={query}>
            {({ data, pagination }) =>
              data.length === 0 ? (
                <Nothing search={search} />
              ) : (
                <List key={JSON.stringify(search)} scans={data} search={search} next={pagination.next_cursor} />
              )
            }
          </Asked>
        )}
      </div>
    </Page>
  );
}

function isNarrowed({ status, profile, cursor }: ScanSearch): boolean {
  return Boolean(status || profile || cursor);
}

/** The way to a new scan, or why there is none. */
function NewScan() {
  const { texts: shared } = useSpeech();
  const words = useTexts(scanWords);
  const session = useSession();
  if (can(session, "scan:write")) {
    return (
      <Link className="button button-primary" to="/scans/new">
        <Plus aria-hidden size={16} />
        {words.newScan}
      </Link>
    );
  }
  return (
    <>
      <span id="new-scan-reason" className="field-hint">
        {words.needsWrite(session ? shared.roles[session.member.role] : "")}
      </span>
      <WordButton variant="primary" isDisabled aria-describedby="new-scan-reason">
        <Plus aria-hidden size={16} />
        {words.newScan}
      </WordButton>
    </>
  );
}

function Filters({ search }: { search: ScanSearch }) {
  const texts = useTexts(scansTexts).filters;
  const words = useTexts(scanWords);
  const navigate = route.useNavigate();
  const narrow = (change: ScanSearch) => void navigate({ search: { ...search, cursor: undefined, ...change } });
  return (
    <search className="scan-filters" aria-label={texts.label}>
      <Pick
        label={texts.status}
        value={oneOf(search.status, STATUSES) ?? "any"}
        options={[{ id: "any", text: texts.any }, ...STATUSES.map((id) => ({ id, text: words.statuses[id] }))]}
        onChange={(status) => narrow({ status: status === "any" ? undefined : status })}
      />
      <Pick
        label={texts.profile}
        value={oneOf(search.profile, PROFILES) ?? "any"}
        options={[{ id: "any", text: texts.any }, ...PROFILES.map((id) => ({ id, text: words.profiles[id] }))]}
        onChange={(profile) => narrow({ profile: profile === "any" ? undefined : profile })}
      />
    </search>
  );
}

interface ListProps {
  scans: readonly Scan[];
  search: ScanSearch;
  next: string | null;
}

function List({ scans, search, next }: ListProps) {
  const texts = useTexts(scansTexts);
  const { shown, waiting, renew } = useSteady(scans, { appends: false });
  const { cursor, ...first } = search;
  return (
    <>
      <div className="scan-newer" role="status">
        {waiting === 0 ? null : <WordButton onPress={renew}>{texts.newer(waiting)}</WordButton>}
      </div>
      <ScanGrid scans={shown} />
      <nav className="list-pages" aria-label={texts.pages.label}>
        <span className="field-hint">{texts.pages.shown(shown.length)}</span>
        <span className="grow" />
        {cursor ? (
          <Link className="button button-secondary" to="/scans" search={first}>
            {texts.pages.first}
          </Link>
        ) : null}
        {next === null ? null : (
          <Link className="button button-secondary" to="/scans" search={{ ...first, cursor: next }}>
            {texts.pages.next}
          </Link>
        )}
      </nav>
    </>
  );
}

/** No scan, and the way to the first: by a grant, where there is none. */
function Nothing({ search }: { search: ScanSearch }) {
  const texts = useTexts(scansTexts);
  const session = useSession();
  const grants = useQuery(grantsQuery).data?.data;
  if (isNarrowed(search)) {
    return (
      <Empty
        title={texts.empty.filtered}
        action={
          <Link className="button button-secondary" to="/scans">
            {texts.filters.clear}
          </Link>
        }
      >
        {texts.empty.filteredText}
      </Empty>
    );
  }
  const isGranted = grants?.some(({ granted }) => granted) ?? true;
  const isAllowed = can(session, "scan:write");
  return (
    <Empty
      title={texts.empty.title}
      action={
        isGranted && isAllowed ? (
          <Link className="button button-primary" to="/scans/new">
            {texts.empty.start}
          </Link>
        ) : isGranted ? null : (
          <Link className="button button-primary" to="/scans/grants">
            {texts.empty.toGrants}
          </Link>
        )
      }
    >
      {texts.empty.text} {isGranted ? null : texts.empty.needsGrant}
    </Empty>
  );
}
