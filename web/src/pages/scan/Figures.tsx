/** What a scan saw in numbers: by severity, by asset, by control; each number leads to its findings. */

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Figure } from "../../kit/Figure";
import { SEVERITIES, SEVERITY_GLYPH, SeverityTag } from "../../kit/Tags";
import type { ScanDetail } from "../scans/search";
import { scanTexts } from "./texts";

interface SeenLinkProps {
  id: string;
  search: { severity?: string; asset?: string; control?: string };
  className?: string;
  severity?: string;
  children: ReactNode;
}

function SeenLink({ id, search, className = "", severity, children }: SeenLinkProps) {
  return (
    <Link
      to="/scans/$id"
      params={{ id }}
      search={search}
      resetScroll={false}
      className={className}
      data-severity={severity}
    >
      {children}
    </Link>
  );
}

export function Severities({ scan }: { scan: ScanDetail }) {
  const { texts: shared, formats } = useSpeech();
  const texts = useTexts(scanTexts).severity;
  const counts = scan.findings_by_severity;
  const link = (severity: string, count: number) => (
    <SeenLink id={scan.id} search={{ severity }}>
      {formats.number(count)}
    </SeenLink>
  );
  return (
    <Figure
      title={texts.heading}
      lead={texts.lead}
      heads={[texts.severity, texts.count]}
      rows={SEVERITIES.map((severity) => [shared.severities[severity], link(severity, counts[severity])])}
    >
      <ul className="tiles">
        <li>
          <SeenLink id={scan.id} search={{}} className="tile">
            <strong>{formats.number(scan.findings_total)}</strong>
            <span>{texts.all}</span>
          </SeenLink>
        </li>
        {SEVERITIES.map((severity) => (
          <li key={severity}>
            <SeenLink id={scan.id} search={{ severity }} className="tile" severity={severity}>
              <strong>{formats.number(counts[severity])}</strong>
              <SeverityTag severity={severity} />
              <span className="tile-bar" aria-hidden>
                <span style={{ inlineSize: `${(100 * counts[severity]) / Math.max(scan.findings_total, 1)}%` }} />
              </span>
            </SeenLink>
          </li>
        ))}
      </ul>
    </Figure>
  );
}

export function Assets({ scan }: { scan: ScanDetail }) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(scanTexts).assets;
  return (
    <Ranked
      id={scan.id}
      texts={{ ...texts, name: texts.asset }}
      rows={scan.worst_assets.map(({ asset, worst, findings }) => ({
        name: asset,
        findings,
        search: { asset },
        severity: worst,
        mark: (
          <>
            <span className="glyph rank-glyph" aria-hidden>
              {SEVERITY_GLYPH[worst]}
            </span>
            <span className="visually-hidden">{shared.severities[worst]} </span>
          </>
        ),
      }))}
    />
  );
}

const CONTROLS_SHOWN = 8;

export function Controls({ scan }: { scan: ScanDetail }) {
  const texts = useTexts(scanTexts).controls;
  return (
    <Ranked
      id={scan.id}
      texts={{ ...texts, name: texts.control }}
      rows={scan.controls.map(({ control, findings }) => ({ name: control, findings, search: { control } }))}
      barsMax={CONTROLS_SHOWN}
    />
  );
}

interface RankedRow {
  name: string;
  findings: number;
  search: SeenLinkProps["search"];
  severity?: string;
  mark?: ReactNode;
}

interface RankedProps {
  id: string;
  texts: { heading: string; lead: string; name: string; count: string; none: string };
  rows: RankedRow[];
  /** How many have a bar; the table has all. */
  barsMax?: number;
}

/** What has the most findings first, as bars against the first. */
function Ranked({ id, texts, rows, barsMax }: RankedProps) {
  const { formats } = useSpeech();
  const most = Math.max(...rows.map(({ findings }) => findings), 1);
  return (
    <Figure
      title={texts.heading}
      lead={texts.lead}
      heads={[texts.name, texts.count]}
      rows={rows.map(({ name, findings, search }) => [
        name,
        <SeenLink key={name} id={id} search={search}>
          {formats.number(findings)}
        </SeenLink>,
      ])}
    >
      {rows.length === 0 ? <p className="empty">{texts.none}</p> : null}
      <ol className="rank-bars">
        {rows.slice(0, barsMax).map(({ name, findings, search, severity, mark }) => (
          <li key={name}>
            <SeenLink id={id} search={search} className="rank-bar" {...(severity ? { severity } : {})}>
              <span className="rank-name mono">
                {mark}
                {name}
              </span>
              <span className="rank-count">{formats.number(findings)}</span>
              <span className="rank-track" aria-hidden>
                <span style={{ inlineSize: `${(100 * findings) / most}%` }} />
              </span>
            </SeenLink>
          </li>
        ))}
      </ol>
    </Figure>
  );
}
