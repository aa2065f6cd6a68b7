/** Asks for the password again. */

import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { answerOf, server } from "../api/server";
import { useSpeech } from "../i18n/language";
import { Refused } from "../kit/Asked";
import { WordButton } from "../kit/Buttons";
import { WordField } from "../kit/Fields";
import { Overlay } from "../kit/Overlay";

export function ProofDialog({ onClose }: { onClose: (isProved: boolean) => void }) {
  const { texts } = useSpeech();
  return (
    <Overlay title={texts.proof.title} isOpen onOpenChange={() => onClose(false)}>
      <ProofForm onProved={() => onClose(true)} />
    </Overlay>
  );
}

function ProofForm({ onProved }: { onProved: () => void }) {
  const { texts } = useSpeech();
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await answerOf(server.POST("/api/console/proof", { body: { password } }));
      onProved();
    } catch (error) {
      setFault(error as Error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Form className="dialog-form" onSubmit={(event) => void submit(event)}>
      <div className="dialog-body">
        <p className="dialog-lead">{texts.proof.lead}</p>
        <WordField
          label={texts.entry.password}
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
          isRequired
          autoFocus
        />
        {fault === null ? null : <Refused error={fault} />}
      </div>
      <div className="dialog-foot">
        <span className="grow" />
        <WordButton slot="close">{texts.cancel}</WordButton>
        <WordButton variant="primary" type="submit" isPending={isBusy}>
          {texts.proof.prove}
        </WordButton>
      </div>
    </Form>
  );
}
