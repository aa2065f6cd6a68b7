/** One finding: what, how bad and where in a line; opened, what was seen, what to do and since when. */

import { ChevronRight, ExternalLink } from "lucide-react";
import type { ReactNode } from "react";
import { Button, Disclosure, DisclosurePanel } from "react-aria-components";
import { useTexts } from "../../i18n/texts";
import { Fact } from "../../kit/Fact";
import { SeverityTag, StateTag } from "../../kit/Tags";
import { Moment } from "../../kit/Times";
import { engineName } from "../scans/engines";
import type { ScanFinding } from "../scans/search";
import { scanWords } from "../scans/words";
import { scanTexts } from "./texts";

interface FindingRowProps {
  finding: ScanFinding;
  isNew: boolean;
  note?: ReactNode;
  isExpanded: boolean;
  onExpand: (isExpanded: boolean) => void;
}

export function FindingRow({ finding, isNew, note, isExpanded, onExpand }: FindingRowProps) {
  const texts = useTexts(scanTexts).findings;
  return (
    <li>
      <Disclosure isExpanded={isExpanded} onExpandedChange={onExpand} className="seen-row">
        <Button slot="trigger" className="seen-trigger">
          <ChevronRight aria-hidden size={15} className="fold-sign" />
          <SeverityTag severity={finding.severity} />
          <span className="seen-name">
            <span className="seen-title">{finding.title}</span>
            <span className="cell-hint mono">
              {finding.asset} · {finding.place || texts.wholeAsset}
            </span>
            {note ? <span className="cell-hint">{note}</span> : null}
          </span>
          <span className="seen-tags">
            {finding.status === "resolved" ? (
              <span title={texts.resolvedHint}>
                <StateTag tone="good">{texts.resolved}</StateTag>
              </span>
            ) : null}
            {isNew ? (
              <span title={texts.newHint}>
                <StateTag tone="busy">{texts.new}</StateTag>
              </span>
            ) : null}
          </span>
        </Button>
        <DisclosurePanel className="seen-panel">{isExpanded ? <Details finding={finding} /> : null}</DisclosurePanel>
      </Disclosure>
    </li>
  );
}

function Details({ finding }: { finding: ScanFinding }) {
  const texts = useTexts(scanTexts).findings;
  const words = useTexts(scanWords);
  return (
    <dl className="seen-details">
      <Fact name={texts.remediation} isWide>
        <strong>{finding.remediation}</strong>
      </Fact>
      <Fact name={texts.evidence} isWide>
        {finding.evidence.length === 0 ? (
          <span className="muted">{texts.noEvidence}</span>
        ) : (
          finding.evidence.map((line) => (
            <code key={line} className="seen-evidence">
              {line}
            </code>
          ))
        )}
      </Fact>
      {finding.references.length === 0 ? null : (
        <Fact name={texts.references} isWide>
          {finding.references.map((url) => (
            <a key={url} href={url} target="_blank" rel="noreferrer" className="seen-reference">
              {url}
              <ExternalLink aria-hidden size={13} />
              <span className="visually-hidden"> ({texts.opens})</span>
            </a>
          ))}
        </Fact>
      )}
      <Fact name={texts.firstSeen}>
        <Moment at={finding.first_seen_at} />
      </Fact>
      <Fact name={texts.lastSeen}>
        <Moment at={finding.last_seen_at} />
      </Fact>
      <Fact name={texts.sources}>{finding.sources.map((name) => engineName(name, words.engines)).join(", ")}</Fact>
      <Fact name={texts.controls}>
        <span className="mono">{finding.controls.length === 0 ? "–" : finding.controls.join(", ")}</span>
      </Fact>
      <Fact name={texts.rule}>
        <code>{finding.rule}</code>
      </Fact>
    </dl>
  );
}
