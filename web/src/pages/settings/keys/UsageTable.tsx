/** The same as the bars, in numbers. */

import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { OUTCOMES, type Step } from "./usage";
import { usageTexts } from "./usageTexts";

export function UsageTable({ steps }: { steps: readonly Step[] }) {
  const { formats } = useSpeech();
  const texts = useTexts(usageTexts);
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
          </tr>
        </thead>
        <tbody>
          {steps
            .filter(({ total }) => total > 0)
            .map((step) => (
              <tr key={step.at}>
                <th scope="row">{formats.moment(new Date(step.at).toISOString())}</th>
                {OUTCOMES.map((outcome) => (
                  <td key={outcome} className="numeric">
                    {formats.number(step.counts[outcome])}
                  </td>
                ))}
                <td className="numeric">{formats.number(step.total)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}
