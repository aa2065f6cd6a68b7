/** An action is tried dry first: nothing is changed, and what is never done says so. Only then can it be asked for. */

import { useQueryClient } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { useState } from "react";
import { answerOf, type Shapes, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { WordField } from "../../kit/Fields";
import { FormDialog } from "../../kit/FormDialog";
import { useToast } from "../../kit/Toasts";
import { nameOfAction, responseTexts, shownTarget } from "./texts";

const REASON_CHARACTERS_MAX = 500;

interface ActionDialogProps {
  containment: Shapes["ContainmentReply"];
  offer: Shapes["OfferReply"] | undefined;
  findingId: string;
  onClose: () => void;
}

export function ActionDialog({ containment, offer, findingId, onClose }: ActionDialogProps) {
  const texts = useTexts(responseTexts);
  const client = useQueryClient();
  const tell = useToast();
  const [reason, setReason] = useState(containment.reason);
  const [checked, setChecked] = useState<Shapes["ActionReply"] | null>(null);
  const name = nameOfAction(containment.action, texts);
  const ask = async (isDry: boolean) => {
    const type = containment.action as keyof typeof texts.actions;
    const body = { type, target: containment.target, reason, dry_run: isDry, finding_id: findingId };
    return await answerOf(server.POST("/v3/response/actions", { body }));
  };
  const submit = async () => {
    if (checked === null) {
      setChecked(await ask(true));
      return;
    }
    const { id, state } = await ask(false);
    tell(texts.asked(name, texts.states[state], id));
    await client.invalidateQueries({ queryKey: ["response", "actions"] });
    onClose();
  };
  return (
    <FormDialog
      title={name}
      lead={
        <>
          <span className="mono">{shownTarget(containment)}</span>
          {offer === undefined ? null : <span> — {offer.summary}</span>}
        </>
      }
      submit={checked === null ? texts.check : texts.ask}
      isDangerous={checked !== null && !containment.is_reversible}
      isIncomplete={reason.trim() === ""}
      onSubmit={submit}
      onClose={onClose}
    >
      {offer === undefined ? null : (
        <p className="field-hint">
          {texts.touches} {offer.blast_radius}
        </p>
      )}
      <WordField
        label={texts.reason}
        hint={texts.reasonHint}
        value={reason}
        onChange={(text) => {
          setReason(text);
          setChecked(null);
        }}
        rows={3}
        maxLength={REASON_CHARACTERS_MAX}
      />
      <div role="status">
        {checked === null ? (
          <p className="field-hint">{texts.dryLead}</p>
        ) : (
          <div className="box">
            <CircleCheck aria-hidden size={19} />
            <div>
              <strong>{texts.wouldBeTaken}</strong>
              <p className="server-text" lang="en">
                {checked.details.message}
              </p>
              <p className="field-hint">{checked.executor === "recorder" ? texts.recorder : checked.executor}</p>
            </div>
          </div>
        )}
      </div>
    </FormDialog>
  );
}
