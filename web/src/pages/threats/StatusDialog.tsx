/** Changes the status of one threat or of many, tells how far it is, and which were not changed and why. */

import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Form, Label, ProgressBar } from "react-aria-components";
import { answerOf, Refusal, server } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { WordButton } from "../../kit/Buttons";
import { Pick, WordField } from "../../kit/Fields";
import { Overlay } from "../../kit/Overlay";
import { useToast } from "../../kit/Toasts";
import { changeAll, type Failure } from "./bulk";
import { STATUSES, type Status } from "./search";
import { threatsTexts } from "./texts";
import { nameOf, type Threat } from "./threat";
import { threatWords } from "./words";

const COMMENT_CHARACTERS_MAX = 2000;

interface StatusDialogProps {
  threats: readonly Threat[];
  /** Closes it; `left` are the ids that were not changed. */
  onClose: (left: readonly string[] | null) => void;
}

export function StatusDialog({ threats, onClose }: StatusDialogProps) {
  const texts = useTexts(threatsTexts).dialog;
  const { change, done, failures } = useChange(threats, onClose);
  const close = () => onClose(failures.length > 0 ? failures.map(({ id }) => id) : null);
  return (
    <Overlay title={texts.title(threats.length)} isOpen onOpenChange={close}>
      <ChangeForm threats={threats} onSubmit={change} done={done} failures={failures} />
    </Overlay>
  );
}

function useChange(threats: readonly Threat[], onClose: StatusDialogProps["onClose"]) {
  const texts = useTexts(threatsTexts).dialog;
  const client = useQueryClient();
  const tell = useToast();
  const [done, setDone] = useState<number | null>(null);
  const [failures, setFailures] = useState<Failure[]>([]);
  const change = async (status: Status, comment: string) => {
    const body = { status, comment: comment.trim() === "" ? null : comment.trim() };
    setDone(0);
    setFailures([]);
    const failed = await changeAll(
      threats.map(({ id }) => id),
      (id) => answerOf(server.PATCH("/v3/threats/{threat_id}", { params: { path: { threat_id: id } }, body })),
      setDone,
    );
    setDone(null);
    setFailures(failed);
    if (failed.length < threats.length) tell(texts.changed(threats.length - failed.length));
    void client.invalidateQueries({ queryKey: ["threats"] });
    if (failed.length === 0) onClose([]);
  };
  return { change, done, failures };
}

interface ChangeFormProps {
  threats: readonly Threat[];
  onSubmit: (status: Status, comment: string) => Promise<void>;
  done: number | null;
  failures: readonly Failure[];
}

function ChangeForm({ threats, onSubmit, done, failures }: ChangeFormProps) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(threatsTexts).dialog;
  const words = useTexts(threatWords);
  const [status, setStatus] = useState<Status>(threats.length === 1 ? (threats[0]?.status ?? "new") : "acknowledged");
  const [comment, setComment] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void onSubmit(status, comment);
  };
  return (
    <Form className="dialog-form" onSubmit={submit}>
      <div className="dialog-body">
        <Pick
          label={texts.status}
          value={status}
          options={STATUSES.map((id) => ({ id, text: words.statuses[id] }))}
          onChange={setStatus}
        />
        <WordField
          label={texts.comment}
          hint={texts.commentHint}
          value={comment}
          onChange={setComment}
          rows={3}
          maxLength={COMMENT_CHARACTERS_MAX}
        />
        <p className="field-hint">{texts.note}</p>
        {done === null ? null : (
          <ProgressBar
            className="bulk-progress"
            value={done}
            maxValue={threats.length}
            valueLabel={texts.done(done, threats.length)}
          >
            {({ percentage, valueText }) => (
              <>
                <Label className="field-label">{texts.progress}</Label>
                <span className="field-hint">{valueText}</span>
                <span className="bulk-track">
                  <span style={{ inlineSize: `${percentage ?? 0}%` }} />
                </span>
              </>
            )}
          </ProgressBar>
        )}
        {failures.length === 0 ? null : <Failures failures={failures} threats={threats} />}
      </div>
      <div className="dialog-foot">
        <span className="grow" />
        <WordButton slot="close">{failures.length === 0 ? shared.cancel : shared.close}</WordButton>
        <WordButton variant="primary" type="submit" isPending={done !== null}>
          {texts.apply}
        </WordButton>
      </div>
    </Form>
  );
}

function Failures({ failures, threats }: Omit<ChangeFormProps, "onSubmit" | "done">) {
  const texts = useTexts(threatsTexts).dialog;
  return (
    <div className="box box-error" role="alert">
      <div>
        <strong>{texts.failed(failures.length)}</strong>
        <ul className="bulk-failures">
          {failures.map(({ id, error }) => (
            <li key={id}>
              <span className="mono">{nameOfId(id, threats)}</span>{" "}
              <span className="server-text">{error instanceof Refusal ? error.message : String(error)}</span>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function nameOfId(id: string, threats: readonly Threat[]): string {
  const threat = threats.find((one) => one.id === id);
  return threat === undefined ? id : `${nameOf(threat)} (${id})`;
}
