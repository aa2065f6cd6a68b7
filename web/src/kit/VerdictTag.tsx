/** A verdict as word, sign and colour, in this order of importance. */

import type { Verdict } from "../api/events";
import { useSpeech } from "../i18n/language";
import { VERDICT_GLYPH } from "../lib/score";

export function VerdictTag({ verdict }: { verdict: Verdict }) {
  const { texts } = useSpeech();
  return (
    <span className="tag" data-verdict={verdict}>
      <span aria-hidden className="glyph">
        {VERDICT_GLYPH[verdict]}
      </span>
      {texts.verdicts[verdict]}
    </span>
  );
}
