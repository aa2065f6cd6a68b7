/** Severity and status as word, sign and colour, in this order of importance. */

import { useSpeech } from "../i18n/language";

export const SEVERITIES = ["critical", "high", "medium", "low", "informational"] as const;
export type Severity = (typeof SEVERITIES)[number];
export const SEVERITY_GLYPH: Record<Severity, string> = {
  critical: "◆",
  high: "▲",
  medium: "●",
  low: "○",
  informational: "·",
};

export function SeverityTag({ severity }: { severity: Severity }) {
  const { texts } = useSpeech();
  return (
    <span className="tag" data-severity={severity}>
      <span aria-hidden className="glyph">
        {SEVERITY_GLYPH[severity]}
      </span>
      {texts.severities[severity]}
    </span>
  );
}

export type Tone = "plain" | "good" | "warn" | "bad" | "busy";
const TONE_GLYPH: Record<Tone, string> = { plain: "·", good: "✓", warn: "!", bad: "✕", busy: "◌" };

/** A state in a word; the sign says the same to who sees no colours. */
export function StateTag({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className="tag" data-tone={tone}>
      <span aria-hidden className="glyph">
        {TONE_GLYPH[tone]}
      </span>
      {children}
    </span>
  );
}
