/** The list as a table: arrows walk through it, Space selects, Enter opens, the heads sort. */

import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import {
  Cell,
  Checkbox,
  Column,
  RouterProvider,
  Row,
  type Selection,
  Table,
  TableBody,
  TableHeader,
} from "react-aria-components";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { SeverityTag } from "../../kit/Tags";
import { Moment } from "../../kit/Times";
import { StatusTag } from "./StatusTag";
import { type SortField, sortIn } from "./search";
import { threatsTexts } from "./texts";
import { nameOf, severityOf, type Threat } from "./threat";
import { categoryOf, placeOf, threatWords } from "./words";

interface GridProps {
  threats: readonly Threat[];
  sort: string | undefined;
  onSort: (sort: string) => void;
  selected: Selection;
  onSelect: (selected: Selection) => void;
}

export function Grid({ threats, sort, onSort, selected, onSelect }: GridProps) {
  const texts = useTexts(threatsTexts);
  const navigate = useNavigate();
  const { field, isDescending } = sortIn(sort);
  return (
    <RouterProvider navigate={(href) => void navigate({ href })}>
      <Table
        className="grid-table"
        aria-label={texts.grid}
        selectionMode="multiple"
        selectedKeys={selected}
        onSelectionChange={onSelect}
        sortDescriptor={{ column: field, direction: isDescending ? "descending" : "ascending" }}
        onSortChange={({ column, direction }) => onSort(nextSort(column as SortField, field, direction))}
      >
        <TableHeader>
          <Column className="cell-select">
            <Tick />
          </Column>
          <Head id="severity">{texts.columns.severity}</Head>
          <Column isRowHeader>{texts.columns.name}</Column>
          <Column className="cell-wide">{texts.columns.type}</Column>
          <Column>{texts.columns.status}</Column>
          <Head id="score" className="cell-number">
            {texts.columns.score}
          </Head>
          <Column className="cell-wide">{texts.columns.techniques}</Column>
          <Head id="created_at" className="cell-wide">
            {texts.columns.created}
          </Head>
          <Head id="last_seen_at">{texts.columns.seen}</Head>
        </TableHeader>
        <TableBody items={threats}>{(threat) => <Line threat={threat} />}</TableBody>
      </Table>
    </RouterProvider>
  );
}

/** The worst and the newest first, when a column is chosen for the first time. */
function nextSort(column: SortField, before: SortField, direction: "ascending" | "descending"): string {
  const isDescending = column !== before || direction === "descending";
  return `${column}:${isDescending ? "desc" : "asc"}`;
}

function Head({ id, className, children }: { id: SortField; className?: string; children: string }) {
  return (
    <Column id={id} allowsSorting className={className ?? ""}>
      {({ sortDirection }) => (
        <span className="head-sorts">
          {children}
          <span aria-hidden className="head-sign">
            {sortDirection === undefined ? "↕" : sortDirection === "descending" ? "↓" : "↑"}
          </span>
        </span>
      )}
    </Column>
  );
}

const TECHNIQUES_SHOWN = 2;

function Line({ threat }: { threat: Threat }) {
  const { formats, texts: shared } = useSpeech();
  const texts = useTexts(threatsTexts);
  const words = useTexts(threatWords);
  const techniques = threat.mitre_attack;
  return (
    <Row id={threat.id} href={`/threats/${threat.id}`} className="grid-row" textValue={nameOf(threat)}>
      <Cell className="cell-select">
        <Tick />
      </Cell>
      <Cell>
        <SeverityTag severity={severityOf(threat.severity)} />
      </Cell>
      <Cell className="cell-name">
        <span className="mono">{nameOf(threat)}</span>
        <span className="cell-hint">
          {placeOf(threat, words, shared.kinds)}
          {threat.sightings > 1 ? ` · ${texts.sightings(threat.sightings)}` : ""}
        </span>
      </Cell>
      <Cell className="cell-wide">{categoryOf(threat.type, words)}</Cell>
      <Cell>
        <StatusTag status={threat.status} />
      </Cell>
      <Cell className="cell-number">{formats.number(threat.score)}</Cell>
      <Cell className="cell-wide">
        <span
          className="mono cell-hint"
          title={techniques.map((one) => `${one.technique_id} ${one.name ?? ""}`).join("\n")}
        >
          {techniques
            .slice(0, TECHNIQUES_SHOWN)
            .map((one) => one.technique_id)
            .join(" ")}
          {techniques.length > TECHNIQUES_SHOWN ? ` ${texts.more(techniques.length - TECHNIQUES_SHOWN)}` : ""}
        </span>
      </Cell>
      <Cell className="cell-wide">
        <Moment at={threat.created_at} />
      </Cell>
      <Cell>
        <Moment at={threat.last_seen_at} />
      </Cell>
    </Row>
  );
}

function Tick(): ReactNode {
  return (
    <Checkbox slot="selection" className="checkbox">
      {({ isIndeterminate }) => (
        <span className="checkbox-box" aria-hidden data-some={isIndeterminate || undefined}>
          {isIndeterminate ? "–" : null}
        </span>
      )}
    </Checkbox>
  );
}
