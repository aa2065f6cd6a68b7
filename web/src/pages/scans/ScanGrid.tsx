/** The list of scans as a table: arrows walk through it, Enter opens. */

import { useNavigate } from "@tanstack/react-router";
import { Cell, Column, RouterProvider, Row, Table, TableBody, TableHeader } from "react-aria-components";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Moment, useNow } from "../../kit/Times";
import { ProgressLine, ScanState, SeverityCounts } from "./Parts";
import { isOpen, type Scan, secondsOf } from "./search";
import { scansTexts } from "./texts";
import { scanWords } from "./words";

export function ScanGrid({ scans }: { scans: readonly Scan[] }) {
  const texts = useTexts(scansTexts);
  const navigate = useNavigate();
  return (
    <RouterProvider navigate={(href) => void navigate({ href })}>
      <Table className="grid-table" aria-label={texts.grid}>
        <TableHeader>
          <Column>{texts.columns.status}</Column>
          <Column isRowHeader>{texts.columns.targets}</Column>
          <Column className="cell-wide">{texts.columns.profile}</Column>
          <Column>{texts.columns.findings}</Column>
          <Column className="cell-wide">{texts.columns.duration}</Column>
          <Column>{texts.columns.begun}</Column>
        </TableHeader>
        <TableBody items={scans}>{(scan) => <Line scan={scan} />}</TableBody>
      </Table>
    </RouterProvider>
  );
}

const TARGETS_SHOWN = 2;

function Line({ scan }: { scan: Scan }) {
  const texts = useTexts(scansTexts);
  const words = useTexts(scanWords);
  const [first, rest] = [scan.targets.slice(0, TARGETS_SHOWN), scan.targets.length - TARGETS_SHOWN];
  return (
    <Row id={scan.id} href={`/scans/${scan.id}`} className="grid-row" textValue={scan.targets.join(", ")}>
      <Cell className="scan-state">
        <ScanState status={scan.status} />
        {isOpen(scan) ? <ProgressLine progress={scan.progress} label={words.progress} /> : null}
      </Cell>
      <Cell className="cell-name">
        <span className="mono">{first.join(", ")}</span>
        {rest > 0 ? <span className="muted"> {words.more(rest)}</span> : null}
        <span className="cell-hint mono">{scan.id}</span>
      </Cell>
      <Cell className="cell-wide">{words.profiles[scan.profile]}</Cell>
      <Cell>
        <SeverityCounts counts={scan.findings_by_severity} />
      </Cell>
      <Cell className="cell-wide">
        <Duration scan={scan} />
      </Cell>
      <Cell>{scan.started_at === null ? texts.notBegun : <Moment at={scan.started_at} />}</Cell>
    </Row>
  );
}

export function Duration({ scan }: { scan: Scan }) {
  const { formats } = useSpeech();
  const seconds = secondsOf(scan, useNow(1_000));
  return seconds === null ? "–" : formats.duration(seconds);
}
