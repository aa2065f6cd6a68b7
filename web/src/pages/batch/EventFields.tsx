/** The event itself, field by field and harmless to read; as it is on demand. */

import { useTexts } from "../../i18n/texts";
import { CopyButton } from "../../kit/Buttons";
import { Fold } from "../../kit/Fold";
import { RawText } from "../../kit/RawText";
import { fieldsOf, harmless, read } from "./batch";
import { batchTexts } from "./texts";

export function EventFields({ event }: { event: string }) {
  const texts = useTexts(batchTexts).event;
  const fields = fieldsOf(read(event)).filter(({ value }) => value !== "");
  return (
    <section className="stack" aria-labelledby="event">
      <div className="section-head">
        <h4 id="event" className="section-title">
          {texts.heading}
        </h4>
        <span className="grow" />
        <CopyButton text={event} label={texts.copy} />
      </div>
      <dl className="event-fields" tabIndex={0}>
        {fields.map(({ path, name, value }) => (
          <div key={path}>
            <dt title={path}>{name}</dt>
            <dd className="mono">{harmless(value)}</dd>
          </div>
        ))}
      </dl>
      <Fold label={texts.raw}>{() => <RawText text={event} />}</Fold>
    </section>
  );
}
