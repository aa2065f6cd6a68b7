/** The list of threats: filters and place in the address, one page at a time, handled one by one or together. */

import "./css/threats.css";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { RefreshCw } from "lucide-react";
import { useCallback, useMemo, useRef, useState } from "react";
import type { Selection } from "react-aria-components";
import { Refusal } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked, Empty, Refused } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { ExportMenu } from "../../kit/ExportMenu";
import { Announcement } from "../../kit/Live";
import { Page } from "../../kit/Page";
import { useHotkeys } from "../../lib/hotkeys";
import { stepRow } from "../../lib/rowFocus";
import { can, useSession } from "../../session/session";
import { FilterNotes, Filters } from "./Filters";
import { Grid } from "./Grid";
import { threatsQuery } from "./queries";
import { StatusDialog } from "./StatusDialog";
import { EXPORTS, exportPath, type ThreatSearch } from "./search";
import { threatsTexts } from "./texts";
import type { Threat } from "./threat";
import { ViewBar } from "./ViewBar";
import { isSameView } from "./views";
import { threatWords } from "./words";

const route = getRouteApi("/inside/threats");
const ROW = "[role=row][data-key]";

export function ThreatsPage() {
  const texts = useTexts(threatsTexts);
  const search = route.useSearch();
  const go = useSearchChange(search);
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const query = useQuery({ ...threatsQuery(search), placeholderData: keepPreviousData });
  useHotkeys(
    useMemo(
      () => ({
        "/": () => field.current?.focus(),
        j: () => stepRow(list.current, ROW, 1),
        k: () => stepRow(list.current, ROW, -1),
      }),
      [],
    ),
  );
  const isCursorOver = query.error instanceof Refusal && query.error.code === "invalid_cursor";
  return (
    <Page
      title={texts.title}
      lead={texts.lead}
      actions={<Actions search={search} again={() => void query.refetch()} />}
    >
      <ViewBar search={search} />
      <Filters search={search} fieldRef={field} onChange={go} />
      <FilterNotes search={search} onChange={go} onClear={() => go(null)} />
      <div ref={list} aria-busy={query.isFetching} className={query.isPlaceholderData ? "list-old" : ""}>
        {isCursorOver ? (
          <Refused error={query.error} again={() => go({})} />
        ) : (
          <Asked query={query}>
            {({ data, pagination }) => (
              <>
                <List threats={data} search={search} onSort={(sort) => go({ sort })} />
                <Pages search={search} count={data.length} next={pagination.next_cursor} />
              </>
            )}
          </Asked>
        )}
      </div>
    </Page>
  );
}

/** Changes what the address says and goes back to the first page; null clears all but the order. */
function useSearchChange(search: ThreatSearch): (change: ThreatSearch | null) => void {
  const navigate = useNavigate();
  return useCallback(
    (change) => {
      const { cursor: _, ...rest }: ThreatSearch = change === null ? {} : { ...search, ...change };
      const order = change === null && search.sort ? { sort: search.sort } : {};
      void navigate({ to: "/threats", search: { ...rest, ...order } });
    },
    [navigate, search],
  );
}

function Actions({ search, again }: { search: ThreatSearch; again: () => void }) {
  const texts = useTexts(threatsTexts);
  return (
    <>
      <WordButton onPress={again}>
        <RefreshCw aria-hidden size={15} />
        {texts.refresh}
      </WordButton>
      <ExportMenu texts={texts.export} formats={EXPORTS} path={(format) => exportPath(search, format, Date.now())} />
    </>
  );
}

interface ListProps {
  threats: readonly Threat[];
  search: ThreatSearch;
  onSort: (sort: string) => void;
}

function List({ threats, search, onSort }: ListProps) {
  const [selected, setSelected] = useState<Selection>(new Set());
  const [isChanging, setChanging] = useState(false);
  const chosen = threats.filter(({ id }) => selected === "all" || selected.has(id));
  if (threats.length === 0) return <Nothing search={search} />;
  return (
    <>
      <BulkBar count={chosen.length} onChange={() => setChanging(true)} />
      <Grid threats={threats} sort={search.sort} onSort={onSort} selected={selected} onSelect={setSelected} />
      {isChanging ? (
        <StatusDialog
          threats={chosen}
          onClose={(left) => {
            setChanging(false);
            if (left !== null) setSelected(new Set(left));
          }}
        />
      ) : null}
    </>
  );
}

/** Always there, so that nothing moves when the first row is selected. */
function BulkBar({ count, onChange }: { count: number; onChange: () => void }) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(threatsTexts);
  const words = useTexts(threatWords);
  const session = useSession();
  const isAllowed = can(session, "threat:write");
  const reason = isAllowed
    ? count === 0
      ? texts.selectFirst
      : null
    : words.needsWrite(session ? shared.roles[session.member.role] : "");
  return (
    <div className="bulk-bar">
      <WordButton isDisabled={reason !== null} aria-describedby="bulk-reason" onPress={onChange}>
        {texts.change}
      </WordButton>
      <span id="bulk-reason" className="field-hint">
        {reason ?? texts.selected(count)}
      </span>
      <Announcement message={count === 0 ? "" : texts.selected(count)} />
    </div>
  );
}

function Nothing({ search }: { search: ThreatSearch }) {
  const texts = useTexts(threatsTexts);
  if (!isSameView(search, {}) || search.cursor) {
    return (
      <Empty
        title={texts.empty.filtered}
        action={
          <Link className="button button-secondary" to="/threats">
            {texts.filters.clear}
          </Link>
        }
      >
        {texts.empty.filteredText}
      </Empty>
    );
  }
  return (
    <Empty
      title={texts.empty.title}
      action={
        <Link className="button button-primary" to="/analyze">
          {texts.empty.analyse}
        </Link>
      }
    >
      {texts.empty.text}
    </Empty>
  );
}

function Pages({ search, count, next }: { search: ThreatSearch; count: number; next: string | null }) {
  const texts = useTexts(threatsTexts).pages;
  const { cursor, ...first } = search;
  return (
    <nav className="list-pages" aria-label={texts.label}>
      <span className="field-hint">{texts.shown(count)}</span>
      <span className="grow" />
      {cursor ? (
        <Link className="button button-secondary" to="/threats" search={first}>
          {texts.first}
        </Link>
      ) : null}
      {next === null ? null : (
        <Link className="button button-secondary" to="/threats" search={{ ...first, cursor: next }}>
          {texts.next}
        </Link>
      )}
    </nav>
  );
}
