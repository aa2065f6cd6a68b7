/** The way in: files dropped or picked, or one event pasted; each on its way with how far it is. */

import { Link, useNavigate } from "@tanstack/react-router";
import { FileUp, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { DropZone, FileTrigger, Form, isFileDropItem } from "react-aria-components";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Refused } from "../../kit/Asked";
import { IconButton, WordButton } from "../../kit/Buttons";
import { WordField } from "../../kit/Fields";
import { Fold } from "../../kit/Fold";
import { StateTag, type Tone } from "../../kit/Tags";
import { can, useSession } from "../../session/session";
import { SENT_BYTES_MAX } from "./batches";
import { Share } from "./Share";
import { telemetryTexts } from "./texts";
import { type Sending, useUploads } from "./useUploads";

const EXAMPLE = '{"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Image": "…"}';

export function Intake() {
  const { texts: shared, formats } = useSpeech();
  const texts = useTexts(telemetryTexts).intake;
  const session = useSession();
  const navigate = useNavigate();
  const { sendings, send, stop, drop } = useUploads((id) => void navigate({ to: "/telemetry/$id", params: { id } }));
  const isAllowed = can(session, "threat:write");
  const take = (files: readonly File[]) => send(files.map((file) => ({ name: file.name, content: file })));
  return (
    <section className="panel stack" aria-label={texts.label}>
      <DropZone
        className="drop-zone"
        aria-label={texts.drop}
        isDisabled={!isAllowed}
        getDropOperation={() => "copy"}
        onDrop={async ({ items }) =>
          take(await Promise.all(items.filter(isFileDropItem).map((item) => item.getFile())))
        }
      >
        <FileUp aria-hidden size={28} />
        <p className="drop-title">{texts.drop}</p>
        <p className="field-hint">{texts.formats}</p>
        <FileTrigger allowsMultiple onSelect={(files) => take([...(files ?? [])])}>
          <WordButton
            variant="primary"
            isDisabled={!isAllowed}
            {...(isAllowed ? {} : { "aria-describedby": "intake-reason" })}
          >
            {texts.choose}
          </WordButton>
        </FileTrigger>
        <p className="field-hint">{texts.limits(formats.number(SENT_BYTES_MAX / 2 ** 20))}</p>
      </DropZone>
      {isAllowed ? (
        <Fold label={texts.paste}>{() => <PasteForm send={send} />}</Fold>
      ) : (
        <p className="notice" id="intake-reason">
          {texts.needsWrite(session ? shared.roles[session.member.role] : "")}
        </p>
      )}
      {sendings.length === 0 ? null : (
        <ul className="rows" aria-label={texts.sendings}>
          {sendings.map((one) => (
            <OnItsWay key={one.key} sending={one} stop={() => stop(one.key)} drop={() => drop(one.key)} />
          ))}
        </ul>
      )}
    </section>
  );
}

const TONES: Record<Sending["state"]["is"], Tone> = {
  waiting: "plain",
  packing: "busy",
  sending: "busy",
  taken: "good",
  stopped: "plain",
  refused: "bad",
  "too-long": "bad",
};

interface OnItsWayProps {
  sending: Sending;
  stop: () => void;
  drop: () => void;
}

function OnItsWay({ sending: { name, size, state }, stop, drop }: OnItsWayProps) {
  const { formats } = useSpeech();
  const texts = useTexts(telemetryTexts).intake;
  const isOver = !["waiting", "packing", "sending"].includes(state.is);
  return (
    <li className="row">
      <div className="row-main">
        <span className="row-title">{name}</span>
        <span className="field-hint">{formats.bytes(size)}</span>
        {state.is === "sending" ? <Share share={state.share} label={texts.sentOf(name)} /> : null}
        {state.is === "refused" ? <Refused error={state.why} /> : null}
        {state.is === "too-long" ? (
          <p className="field-error">{texts.tooLong(formats.number(SENT_BYTES_MAX / 2 ** 20))}</p>
        ) : null}
      </div>
      <StateTag tone={TONES[state.is]}>{texts.states[state.is]}</StateTag>
      {state.is === "taken" ? (
        <Link to="/telemetry/$id" params={{ id: state.id }}>
          {texts.open}
        </Link>
      ) : null}
      <IconButton label={isOver ? texts.forget : texts.stop} onPress={isOver ? drop : stop}>
        <X aria-hidden size={16} />
      </IconButton>
    </li>
  );
}

function PasteForm({ send }: { send: ReturnType<typeof useUploads>["send"] }) {
  const texts = useTexts(telemetryTexts).intake;
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "") return;
    send([{ name: texts.pasted, content: new Blob([text]) }]);
    setText("");
  };
  return (
    <Form className="stack" onSubmit={submit}>
      <WordField
        label={texts.event}
        hint={texts.eventHint}
        value={text}
        onChange={setText}
        rows={6}
        isMono
        placeholder={EXAMPLE}
        spellCheck="false"
      />
      <div>
        <WordButton variant="primary" type="submit" isDisabled={text.trim() === ""}>
          {texts.look}
        </WordButton>
      </div>
    </Form>
  );
}
