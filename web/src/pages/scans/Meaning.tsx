/** What a scan would do, before anything is connected to. */

import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Fact } from "../../kit/Fact";
import { engineName } from "./engines";
import { newTexts } from "./newTexts";
import type { Preview } from "./search";
import { scanWords } from "./words";

export function Meaning({ preview }: { preview: Preview | undefined }) {
  const { formats } = useSpeech();
  const texts = useTexts(newTexts);
  const words = useTexts(scanWords);
  if (preview === undefined || preview.targets.length === 0) return <p className="muted">{texts.meansNothing}</p>;
  return (
    <dl className="meaning">
      <Fact name={texts.lookAt}>{formats.number(preview.targets.length)}</Fact>
      <Fact name={texts.addresses}>{formats.number(preview.addresses)}</Fact>
      <Fact name={texts.ports}>{formats.number(preview.ports)}</Fact>
      <Fact name={texts.connections}>
        {formats.number(preview.connections_max)}
        {preview.not_counted.length === 0 ? null : (
          <>
            {" "}
            <span className="field-hint">{texts.notCounted(preview.not_counted.join(", "))}</span>
          </>
        )}
      </Fact>
      <Fact name={texts.duration}>
        {formats.duration(preview.estimated_duration * 60)} <span className="field-hint">{texts.durationHint}</span>
      </Fact>
      {preview.not_tested.length === 0 ? null : (
        <Fact name={texts.notTested}>
          {preview.not_tested.map(({ engine, looks_at, reason, command }) => (
            <span key={engine} className="not-tested">
              {engineName(engine, words.engines)}
              <span className="field-hint" lang="en">
                {looks_at}: {command === null ? reason : reason.replace(`: ${command}`, "")}
              </span>
              {command === null ? null : <code>{command}</code>}
            </span>
          ))}
        </Fact>
      )}
    </dl>
  );
}
