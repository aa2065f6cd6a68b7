/** Everything one source said: facts, evidence, related indicators, notes and, last, its raw answer. */

import { CornerUpLeft } from "lucide-react";
import type { ReactNode } from "react";
import type { EvidenceLine, SourceReport, Term } from "../../api/events";
import { useSpeech } from "../../i18n/language";
import { WordButton } from "../../kit/Buttons";
import { Fold } from "../../kit/Fold";
import { RawText } from "../../kit/RawText";
import { defang, splitOnce } from "../../lib/defang";
import { labelName } from "../../lib/labels";
import { shownValue } from "./AccountTable";
import type { SourceCard } from "./state";

interface SourceDetailsProps {
  card: SourceCard;
  report: SourceReport;
  /** This source's terms in the account, which know points and reasons. */
  terms: readonly Term[];
  onPick: (value: string) => void;
}

export function SourceDetails({ card, report, terms, onPick }: SourceDetailsProps) {
  const { texts } = useSpeech();
  return (
    <div className="source-details">
      {report.labels.length > 0 ? (
        <Part title={texts.sources.facts}>
          <dl className="labels">
            {report.labels.map(([name, value]) => (
              <div key={`${name} ${value}`}>
                <dt>{labelName(name)}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </Part>
      ) : null}
      {report.evidence.length > 0 ? (
        <Part title={texts.sources.evidence}>
          <ul className="evidence">
            {report.evidence.map((line) => (
              <EvidenceItem key={`${line.item} ${line.bin} ${line.field}`} line={termOf(line, terms) ?? line} />
            ))}
          </ul>
        </Part>
      ) : null}
      {report.pivots.length > 0 ? (
        <Part title={texts.sources.related}>
          <Pivots pivots={report.pivots} onPick={onPick} />
        </Part>
      ) : null}
      {report.warnings.length > 0 ? (
        <Part title={texts.sources.notes}>
          <ul>
            {report.warnings.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </Part>
      ) : null}
      <Homepage url={card.homepage} />
      {report.document === null ? null : (
        <Fold label={texts.sources.raw}>{() => <RawDocument document={report.document} />}</Fold>
      )}
    </div>
  );
}

function termOf(line: EvidenceLine, terms: readonly Term[]): Term | undefined {
  return terms.find(({ item, bin, field }) => item === line.item && bin === line.bin && field === line.field);
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="part">
      <h5>{title}</h5>
      {children}
    </div>
  );
}

function EvidenceItem({ line }: { line: EvidenceLine }) {
  const { formats } = useSpeech();
  return (
    <li>
      <span className="evidence-reason">{line.reason || line.item}</span>
      {line.points === null ? null : <span className="bar-points">{formats.points(line.points)}</span>}
      <code className="evidence-field">
        {line.field} = {shownValue(line.value)}
      </code>
    </li>
  );
}

function Pivots({ pivots, onPick }: { pivots: readonly string[]; onPick: (value: string) => void }) {
  const { texts } = useSpeech();
  return (
    <ul className="pivots">
      {pivots.map((pivot) => (
        <li key={pivot}>
          <WordButton variant="quiet" aria-label={texts.sources.use(defang(pivot))} onPress={() => onPick(pivot)}>
            <CornerUpLeft aria-hidden size={13} />
            <span className="mono">{defang(pivot)}</span>
          </WordButton>
        </li>
      ))}
    </ul>
  );
}

function Homepage({ url }: { url: string | null }) {
  const { texts } = useSpeech();
  if (url === null || !url.startsWith("https://")) return null;
  const host = splitOnce(url.slice("https://".length), "/")[0];
  return (
    <p className="homepage">
      {texts.sources.homepage}:{" "}
      <a href={url} target="_blank" rel="noopener noreferrer">
        {host}
      </a>
    </p>
  );
}

const RAW_CHARACTERS_MAX = 60_000;

function RawDocument({ document }: { document: unknown }) {
  const { texts } = useSpeech();
  const text = typeof document === "string" ? document : JSON.stringify(document, null, 2);
  return (
    <>
      <RawText text={text} copy={texts.sources.copyJson} most={RAW_CHARACTERS_MAX} />
      {text.length > RAW_CHARACTERS_MAX ? <p className="muted">{texts.sources.rawCut}</p> : null}
    </>
  );
}
