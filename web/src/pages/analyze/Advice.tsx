/** Next steps when nobody knew the indicator: unknown is an answer, and it gets a page. */

import { Info } from "lucide-react";
import { useSpeech } from "../../i18n/language";
import { WordButton } from "../../kit/Buttons";
import { type Analysis, tally } from "./state";

export function Advice({ analysis, openKeys }: { analysis: Analysis; openKeys: () => void }) {
  const { texts } = useSpeech();
  const { score, sources } = analysis;
  if (score?.isFinal !== true || score.score === null || score.verdict !== "unknown" || sources.length === 0)
    return null;
  const { asked, withData, failed } = tally(sources);
  const withoutKey = sources.filter((card) => card.report?.outcome === "no_key").length;
  return (
    <section className="box box-info" aria-label={texts.unknownAdvice.heading}>
      <Info aria-hidden size={18} />
      <div>
        <h3>{texts.unknownAdvice.heading}</h3>
        <p>{texts.unknownAdvice.knew(withData, asked)}</p>
        {failed > 0 ? <p>{texts.unknownAdvice.retry(failed)}</p> : null}
        {withoutKey > 0 ? <p>{texts.unknownAdvice.addKeys(withoutKey)}</p> : null}
        <p>{texts.unknownAdvice.caution}</p>
        {withoutKey > 0 ? <WordButton onPress={openKeys}>{texts.unknownAdvice.keys}</WordButton> : null}
      </div>
    </section>
  );
}
