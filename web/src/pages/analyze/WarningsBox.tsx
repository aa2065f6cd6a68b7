/** The warnings in two lines: sources whose key is missing or bad, and sources without data. */

import { TriangleAlert } from "lucide-react";
import type { Warning } from "../../api/events";
import { useSpeech } from "../../i18n/language";
import { type SourceCard, warningLines } from "./state";

export function WarningsBox({ warnings, sources }: { warnings: readonly Warning[]; sources: readonly SourceCard[] }) {
  const { texts } = useSpeech();
  const { badKey, noData } = warningLines(warnings);
  if (badKey.length + noData.length === 0) return null;
  return (
    <section className="box box-warning" aria-label={texts.warnings.heading}>
      <TriangleAlert aria-hidden size={18} />
      <div>
        <WarningLine title={texts.warnings.badKey} warnings={badKey} sources={sources} />
        <WarningLine title={texts.warnings.noData} warnings={noData} sources={sources} />
      </div>
    </section>
  );
}

interface WarningLineProps {
  title: string;
  warnings: readonly Warning[];
  sources: readonly SourceCard[];
}

function WarningLine({ title, warnings, sources }: WarningLineProps) {
  const { texts } = useSpeech();
  if (warnings.length === 0) return null;
  const nameOf = ({ source, outcome }: Warning) => {
    const name = sources.find((card) => card.name === source)?.title ?? source;
    return outcome === "no_key" ? `${name} (${texts.warnings.withoutKey})` : name;
  };
  return (
    <p className="warning-line">
      <strong>{title}</strong> {warnings.map(nameOf).join(", ")}
    </p>
  );
}
