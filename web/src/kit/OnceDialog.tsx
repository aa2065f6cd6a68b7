/** Something that is shown once: closed by saying that it is stored, by nothing else, and gone with the page. */

import "./css/forms.css";
import type { ReactNode } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { textsOf, useTexts } from "../i18n/texts";
import { CopyButton, WordButton } from "./Buttons";

const onceTexts = textsOf(
  { copy: "Copy", stored: "I stored it", guard: "Escape and a click beside do not close this." },
  { copy: "Copiar", stored: "Lo he guardado", guard: "Escape y un clic fuera no cierran esta ventana." },
);

interface OnceDialogProps {
  title: string;
  lead: ReactNode;
  onStored: () => void;
  children: ReactNode;
}

export function OnceDialog({ title, lead, onStored, children }: OnceDialogProps) {
  const texts = useTexts(onceTexts);
  return (
    <ModalOverlay className="overlay" isOpen isKeyboardDismissDisabled>
      <Modal className="modal">
        <Dialog role="alertdialog" className="dialog">
          <header className="dialog-head">
            <Heading slot="title" className="dialog-title">
              {title}
            </Heading>
          </header>
          <div className="dialog-body">
            <p className="dialog-lead">{lead}</p>
            {children}
          </div>
          <div className="dialog-foot">
            <span className="field-hint grow">{texts.guard}</span>
            <WordButton variant="primary" onPress={onStored}>
              {texts.stored}
            </WordButton>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

interface OnceTextProps {
  label: string;
  text: string;
  hint?: string;
}

/** The text itself: a click selects all of it, and it can be copied. */
export function OnceText({ label, text, hint }: OnceTextProps) {
  const texts = useTexts(onceTexts);
  return (
    <div className="field">
      <span className="field-label">{label}</span>
      <div className="secret-row">
        <code className="secret" data-testid="secret">
          {text}
        </code>
        <CopyButton text={text} label={texts.copy} />
      </div>
      {hint === undefined ? null : <p className="field-hint">{hint}</p>}
    </div>
  );
}
