/** The same as the bars, in numbers. */

import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { callsOf, OUTCOMES, type Step } from "./usage";
import { usageTexts } from "./usageTexts";

export function UsageTable({ steps }: { steps: readonly Step[] }) {
  const { formats } = useSpeech();
  const texts = useTexts(usageTexts);
  const hasOld = callsOf(steps, { isOld: true }) > 0;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and who has no pointer scrolls it by keys
    <section className="table-box" aria-label={texts.caption} tabIndex={0}>
      <table className="table">
        <caption className="visually-hidden">{texts.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.from}</th>
            {OUTCOMES.map((outcome) => (
              <th key={outcome} scope="col" className="numeric">
                {texts.outcomes[outcome]}
              </th>
            ))}
            <th scope="col" className="numeric">
              {texts.calls}
            </th>
            {hasOld ? (
              <th scope="col" className="numeric">
                {texts.withOld}
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {steps
            .filter(({ counts }) => counts.length > 0)
            .map((step) => (
              <tr key={step.at}>
                <th scope="row">{formats.moment(step.at)}</th>
                {OUTCOMES.map((outcome) => (
                  <td key={outcome} className="numeric">
                    {formats.number(callsOf([step], { outcome }))}
                  </td>
                ))}
                <td className="numeric">{formats.number(callsOf([step]))}</td>
                {hasOld ? <td className="numeric">{formats.number(callsOf([step], { isOld: true }))}</td> : null}
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}
