/** What a scan saw, as a list that does not move: what arrives while it runs is added at its end. */

import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useMemo, useRef } from "react";
import { Refusal } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked, Empty, Refused } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { Pick } from "../../kit/Fields";
import { ManyPick } from "../../kit/ManyPick";
import { SEVERITIES } from "../../kit/Tags";
import { useHotkeys } from "../../lib/hotkeys";
import { knownIn } from "../../lib/oneOf";
import { stepRow } from "../../lib/rowFocus";
import { findingsQuery, LIVE_ROWS, type SeenSearch } from "../scans/queries";
import { isOpen, type ScanDetail, type ScanFinding } from "../scans/search";
import { useSteady } from "../scans/steady";
import { FindingRow } from "./FindingRow";
import { scanTexts } from "./texts";

const route = getRouteApi("/inside/scans/$id");
const ROW = ".seen-trigger";

export interface FindingSearch extends SeenSearch {
  finding?: string | undefined;
}

interface FindingsProps {
  scan: ScanDetail;
  search: FindingSearch;
}

export function Findings({ scan, search }: FindingsProps) {
  const navigate = route.useNavigate();
  const list = useRef<HTMLDivElement>(null);
  const { severity, asset, control, cursor } = search;
  const wish = isOpen(scan) ? { severity, asset, control } : { severity, asset, control, cursor };
  // What was seen live stays as it was listed when the scan has ended, until somebody goes to another page of it.
  const isLive = useRef(isOpen(scan));
  if (cursor) isLive.current = false;
  const limit = isLive.current ? LIVE_ROWS : undefined;
  const query = useQuery({ ...findingsQuery(scan.id, wish, limit), placeholderData: keepPreviousData });
  useRenewal(scan);
  useHotkeys(useMemo(() => ({ j: () => stepRow(list.current, ROW, 1), k: () => stepRow(list.current, ROW, -1) }), []));
  const go = (change: FindingSearch) =>
    void navigate({ search: { ...search, cursor: undefined, ...change }, resetScroll: false });
  const isCursorOver = query.error instanceof Refusal && query.error.code === "invalid_cursor";
  return (
    <div className="stack" ref={list}>
      <Filters scan={scan} search={search} onChange={go} />
      {isCursorOver ? (
        <Refused error={query.error} again={() => go({})} />
      ) : (
        <Asked query={query}>
          {({ data, pagination }) => (
            <List
              key={JSON.stringify([severity, asset, control, cursor])}
              scan={scan}
              search={search}
              findings={query.isPlaceholderData && !isLive.current ? [] : data}
              isWaiting={query.isPlaceholderData}
              next={pagination.next_cursor}
              onOpen={(finding) => void navigate({ search: { ...search, finding }, replace: true, resetScroll: false })}
            />
          )}
        </Asked>
      )}
    </div>
  );
}

/** However the news of it came, what was seen is asked for anew when there is more, and at the end. */
function useRenewal({ id, findings_total: total, status }: ScanDetail) {
  const client = useQueryClient();
  const news = `${status} ${total}`;
  const before = useRef(news);
  useEffect(() => {
    if (before.current === news) return;
    before.current = news;
    void client.invalidateQueries({ queryKey: ["scans", "findings", id] });
  }, [client, id, news]);
}

interface FiltersProps extends FindingsProps {
  onChange: (change: FindingSearch) => void;
}

function Filters({ scan, search, onChange }: FiltersProps) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(scanTexts).findings;
  const pickable = (known: readonly string[], chosen: string | undefined) => [
    { id: "", text: texts.any },
    ...[...new Set([...known, ...(chosen ? [chosen] : [])])].map((id) => ({ id, text: id })),
  ];
  const isNarrowed = Boolean(search.severity || search.asset || search.control);
  return (
    <search className="scan-filters" aria-label={texts.filters}>
      <ManyPick
        label={texts.severity}
        any={texts.any}
        chosen={knownIn(search.severity, SEVERITIES)}
        options={SEVERITIES.map((id) => ({ id, text: shared.severities[id] }))}
        onChange={(chosen) => onChange({ severity: chosen.join(",") })}
      />
      <Pick
        label={texts.asset}
        value={search.asset ?? ""}
        options={pickable(
          scan.worst_assets.map(({ asset }) => asset),
          search.asset,
        )}
        onChange={(asset) => onChange({ asset })}
      />
      <Pick
        label={texts.control}
        value={search.control ?? ""}
        options={pickable(
          scan.controls.map(({ control }) => control),
          search.control,
        )}
        onChange={(control) => onChange({ control })}
      />
      <WordButton
        variant="quiet"
        isDisabled={!isNarrowed}
        onPress={() => onChange({ severity: undefined, asset: undefined, control: undefined })}
      >
        {texts.clear}
      </WordButton>
    </search>
  );
}

interface ListProps extends FindingsProps {
  findings: readonly ScanFinding[];
  isWaiting: boolean;
  next: string | null;
  onOpen: (id: string | undefined) => void;
}

function List({ scan, search, findings, isWaiting, next, onOpen }: ListProps) {
  const texts = useTexts(scanTexts).findings;
  const { shown, isMoved, renew } = useSteady(findings, { appends: true });
  const isRunning = isOpen(scan);
  // Where all is new, as in a first scan, to say so of each tells nothing.
  const hasKnown = shown.some((finding) => !isNewIn(scan, finding));
  if (isWaiting && shown.length === 0) return null;
  if (shown.length === 0) return <Nothing isRunning={isRunning} search={search} />;
  return (
    <>
      {isMoved && !isRunning ? (
        <span>
          <WordButton onPress={renew}>{texts.worstFirst}</WordButton>
        </span>
      ) : null}
      <ul className="seen" aria-label={texts.heading}>
        {shown.map((finding) => (
          <FindingRow
            key={finding.id}
            finding={finding}
            isNew={hasKnown && isNewIn(scan, finding)}
            isExpanded={finding.id === search.finding}
            onExpand={(isExpanded) => onOpen(isExpanded ? finding.id : undefined)}
          />
        ))}
      </ul>
      {isRunning ? (
        next === null ? null : (
          <p className="field-hint">{texts.liveLimit}</p>
        )
      ) : (
        <Pages id={scan.id} search={search} count={shown.length} next={next} />
      )}
    </>
  );
}

function isNewIn(scan: ScanDetail, finding: ScanFinding): boolean {
  return finding.first_seen_at >= scan.created_at;
}

function Nothing({ isRunning, search }: { isRunning: boolean; search: FindingSearch }) {
  const texts = useTexts(scanTexts).findings;
  if (search.severity || search.asset || search.control) return <Empty title={texts.filtered} />;
  return <Empty title={isRunning ? texts.noneYet : texts.none}>{isRunning ? texts.noneYetText : texts.noneText}</Empty>;
}

interface PagesProps {
  id: string;
  search: FindingSearch;
  count: number;
  next: string | null;
}

function Pages({ id, search, count, next }: PagesProps) {
  const texts = useTexts(scanTexts).findings;
  const { cursor, finding: _, ...first } = search;
  return (
    <nav className="list-pages" aria-label={texts.pages}>
      <span className="field-hint">{texts.shown(count)}</span>
      <span className="grow" />
      {cursor ? (
        <Link className="button button-secondary" to="/scans/$id" params={{ id }} search={first} resetScroll={false}>
          {texts.first}
        </Link>
      ) : null}
      {next === null ? null : (
        <Link
          className="button button-secondary"
          to="/scans/$id"
          params={{ id }}
          search={{ ...first, cursor: next }}
          resetScroll={false}
        >
          {texts.next}
        </Link>
      )}
    </nav>
  );
}
