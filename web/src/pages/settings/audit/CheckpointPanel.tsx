/** The signed checkpoint over the audit, and how to keep and verify it. */

import { useQuery } from "@tanstack/react-query";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Asked } from "../../../kit/Asked";
import { CopyButton } from "../../../kit/Buttons";
import { checkpointQuery } from "./queries";
import { auditTexts } from "./texts";

const WITH_COPY = "cybervault audit verify --checkpoint copy-of-audit-checkpoints.txt";

export function CheckpointPanel() {
  const { formats } = useSpeech();
  const texts = useTexts(auditTexts).checkpoint;
  const query = useQuery(checkpointQuery);
  return (
    <section className="panel stack" aria-labelledby="checkpoint">
      <h2 id="checkpoint" className="section-title">
        {texts.heading}
      </h2>
      <Asked query={query}>
        {({ note, size, public_key: key }) =>
          note === null ? (
            <p className="muted">{texts.none}</p>
          ) : (
            <>
              <p>{texts.lead(formats.number(size))}</p>
              <Text label={texts.note} text={note} copy={texts.copyNote} />
              <Text label={texts.key} text={key} copy={texts.copyKey} />
              <p>{texts.keep}</p>
              <p className="field-hint">{texts.verify}</p>
              <Command text={WITH_COPY} />
              <p className="field-hint">{texts.elsewhere}</p>
              <Command
                text={`cybervault audit export > audit.jsonl\ncybervault audit verify --file audit.jsonl --key "${key}" --checkpoint copy-of-audit-checkpoints.txt`}
              />
            </>
          )
        }
      </Asked>
    </section>
  );
}

function Text({ label, text, copy }: { label: string; text: string; copy: string }) {
  return (
    <div className="field">
      <div className="section-head">
        <span className="field-label">{label}</span>
        <span className="grow" />
        <CopyButton text={text} label={copy} />
      </div>
      <Command text={text} />
    </div>
  );
}

function Command({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and who has no pointer scrolls it by keys
    <pre className="snippet" tabIndex={0}>
      {text}
    </pre>
  );
}
