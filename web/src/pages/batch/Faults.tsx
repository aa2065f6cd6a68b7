/** What no rule was asked about, by its line, and what could not be counted. */

import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import type { Tally } from "./batch";
import { batchTexts } from "./texts";

export function Faults({ result }: { result: Tally }) {
  const { formats } = useSpeech();
  const texts = useTexts(batchTexts).faults;
  const { errors, warnings } = result;
  if (errors.length === 0 && warnings.length === 0) return null;
  return (
    <section className="panel stack" aria-labelledby="faults">
      <div>
        <h2 id="faults" className="section-title">
          {errors.length === 0 ? texts.notes : texts.heading}
        </h2>
        {errors.length === 0 ? null : (
          <p className="field-hint">
            {texts.lead(formats.number(result.not_read), formats.number(result.not_recognised))}
          </p>
        )}
      </div>
      {warnings.map((warning) => (
        <p key={warning}>{warning}</p>
      ))}
      {errors.length === 0 ? null : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        <div className="fault-frame" tabIndex={0}>
          <table className="figure-table">
            <caption className="visually-hidden">{texts.heading}</caption>
            <thead>
              <tr>
                <th scope="col">{texts.line}</th>
                <th scope="col">{texts.reason}</th>
              </tr>
            </thead>
            <tbody>
              {errors.map(({ line, reason }) => (
                <tr key={`${line} ${reason}`}>
                  <th scope="row">{line === 0 ? texts.whole : formats.number(line)}</th>
                  <td className="fault-reason">{reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
