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
  const { texts: shared, formats } = useSpeech();
  const texts = useTexts(scanTexts).assets;
  const most = Math.max(...scan.worst_assets.map(({ findings }) => findings), 1);
  return (
    <Figure
      title={texts.heading}
      lead={texts.lead}
      heads={[texts.asset, texts.count]}
      rows={scan.worst_assets.map(({ asset, findings }) => [
        asset,
        <SeenLink key={asset} id={scan.id} search={{ asset }}>
          {formats.number(findings)}
        </SeenLink>,
      ])}
    >
      {scan.worst_assets.length === 0 ? <p className="empty">{texts.none}</p> : null}
      <ol className="rank-bars">
        {scan.worst_assets.map(({ asset, worst, findings }) => (
          <li key={asset}>
            <SeenLink id={scan.id} search={{ asset }} className="rank-bar" severity={worst}>
              <span className="rank-name mono">
                <span className="glyph rank-glyph" aria-hidden>
                  {SEVERITY_GLYPH[worst]}
                </span>
                <span className="visually-hidden">{shared.severities[worst]} </span>
                {asset}
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

const CONTROLS_SHOWN = 8;

export function Controls({ scan }: { scan: ScanDetail }) {
  const { formats } = useSpeech();
  const texts = useTexts(scanTexts).controls;
  const most = Math.max(...scan.controls.map(({ findings }) => findings), 1);
  return (
    <Figure
      title={texts.heading}
      lead={texts.lead}
      heads={[texts.control, texts.count]}
      rows={scan.controls.map(({ control, findings }) => [
        control,
        <SeenLink key={control} id={scan.id} search={{ control }}>
          {formats.number(findings)}
        </SeenLink>,
      ])}
    >
      {scan.controls.length === 0 ? <p className="empty">{texts.none}</p> : null}
      <ol className="rank-bars">
        {scan.controls.slice(0, CONTROLS_SHOWN).map(({ control, findings }) => (
          <li key={control}>
            <SeenLink id={scan.id} search={{ control }} className="rank-bar">
              <span className="rank-name mono">{control}</span>
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
