/** A dialog with a form that changes something: fields, what went wrong, and the two ways out. */

import "./css/forms.css";
import { LoaderCircle } from "lucide-react";
import type { FormEvent, ReactNode } from "react";
import { Form } from "react-aria-components";
import { useSpeech } from "../i18n/language";
import { useChange } from "../session/useChange";
import { Refused } from "./Asked";
import { WordButton } from "./Buttons";
import { Overlay } from "./Overlay";

interface FormDialogProps {
  title: string;
  lead?: ReactNode;
  submit: string;
  /** What cannot be taken back looks so. */
  isDangerous?: boolean;
  /** Why it cannot be sent yet; must be said in the form too. */
  isIncomplete?: boolean;
  /** Throws where it was not done; the dialog stays open then. */
  onSubmit: () => Promise<void>;
  onClose: () => void;
  children?: ReactNode;
}

export function FormDialog(props: FormDialogProps) {
  return (
    <Overlay title={props.title} isOpen onOpenChange={props.onClose}>
      <Inner {...props} />
    </Overlay>
  );
}

function Inner({ lead, submit, isDangerous = false, isIncomplete = false, onSubmit, children }: FormDialogProps) {
  const { texts } = useSpeech();
  const { isBusy, fault, run } = useChange();
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!isIncomplete && !isBusy) void run(onSubmit);
  };
  return (
    <Form className="dialog-form" onSubmit={send}>
      <div className="dialog-body">
        {lead === undefined ? null : <p className="dialog-lead">{lead}</p>}
        {children}
        {fault === null ? null : <Refused error={fault} />}
      </div>
      <div className={isDangerous ? "dialog-foot danger" : "dialog-foot"}>
        <span className="grow" />
        <WordButton slot="close">{texts.cancel}</WordButton>
        <WordButton variant="primary" type="submit" isDisabled={isIncomplete}>
          {isBusy ? <LoaderCircle aria-hidden size={16} className="spin" /> : null}
          {submit}
        </WordButton>
      </div>
    </Form>
  );
}
