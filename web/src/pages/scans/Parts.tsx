/** Small parts that the pages of scans share: how one stands, how far it is, what it saw, and the tabs above. */

import "../../kit/css/level.css";
import { Link } from "@tanstack/react-router";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { SEVERITIES, SEVERITY_GLYPH, StateTag } from "../../kit/Tags";
import type { Scan, Status } from "./search";
import { STATUS_TONE, scanWords } from "./words";

export function ScanState({ status }: { status: Status }) {
  return <StateTag tone={STATUS_TONE[status]}>{useTexts(scanWords).statuses[status]}</StateTag>;
}

/** A bar and its number; `progress` goes from 0 to 1. */
export function ProgressLine({ progress, label }: { progress: number; label: string }) {
  const { formats } = useSpeech();
  return (
    <span className="scan-progress">
      <progress className="track scan-track" max={1} value={progress} aria-label={label} />
      <span className="scan-percent">{formats.percent(progress)}</span>
    </span>
  );
}

/** What was seen, by severity; what there is none of is left out. */
export function SeverityCounts({ counts }: { counts: Scan["findings_by_severity"] }) {
  const { texts: shared, formats } = useSpeech();
  const words = useTexts(scanWords);
  const found = SEVERITIES.filter((severity) => counts[severity] > 0);
  if (found.length === 0) return <span className="muted">{words.noFindings}</span>;
  return (
    <span className="severity-counts">
      {found.map((severity) => {
        const said = words.severityCount(shared.severities[severity], counts[severity]);
        return (
          <span key={severity} className="severity-count" data-severity={severity} title={said}>
            <span aria-hidden className="glyph">
              {SEVERITY_GLYPH[severity]}
            </span>
            <span aria-hidden>{formats.number(counts[severity])}</span>
            <span className="visually-hidden">{said}</span>
          </span>
        );
      })}
    </span>
  );
}

const TABS = [
  ["scans", "/scans"],
  ["schedules", "/scans/schedules"],
  ["grants", "/scans/grants"],
] as const;

export function ScanTabs({ here }: { here: (typeof TABS)[number][0] }) {
  const words = useTexts(scanWords);
  return (
    <div className="view-bar">
      <nav aria-label={words.tabs}>
        <ul>
          {TABS.map(([name, path]) => (
            <li key={name}>
              <Link
                to={path}
                className="view-link"
                {...(name === here ? ({ "data-here": true, "aria-current": "page" } as const) : {})}
              >
                {words[name]}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
    </div>
  );
}
