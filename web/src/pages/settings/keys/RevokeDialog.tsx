/** The end of a key, for good: by typing its name, and with a reason where it is somebody else's. */

import { useState } from "react";
import { answerOf, server } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { WordField } from "../../../kit/Fields";
import { FormDialog } from "../../../kit/FormDialog";
import { useToast } from "../../../kit/Toasts";
import { TypedName } from "../../../kit/TypedName";
import { useSession } from "../../../session/session";
import { isSomebodyElses, type Key } from "./keys";
import { keyTexts } from "./texts";

interface RevokeDialogProps {
  record: Key;
  onDone: () => Promise<void>;
  onClose: () => void;
}

export function RevokeDialog({ record: key, onDone, onClose }: RevokeDialogProps) {
  const texts = useTexts(keyTexts);
  const session = useSession();
  const tell = useToast();
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const needsReason = isSomebodyElses(key, session);
  const isNamed = typed.trim() === key.name;
  const revoke = async () => {
    await answerOf(server.POST("/v3/keys/{key_id}/revoke", { params: { path: { key_id: key.id } }, body: { reason } }));
    tell(texts.revoke.done(key.name));
    await onDone();
    onClose();
  };
  return (
    <FormDialog
      title={texts.revoke.title(key.name)}
      lead={texts.revoke.lead}
      submit={texts.revoke.submit}
      isDangerous
      isIncomplete={!isNamed || (needsReason && reason.trim() === "")}
      onSubmit={revoke}
      onClose={onClose}
    >
      <TypedName
        label={texts.revoke.type(key.name)}
        mismatch={texts.revoke.mismatch}
        name={key.name}
        typed={typed}
        onChange={setTyped}
      />
      {needsReason ? (
        <WordField
          label={texts.revoke.reason}
          hint={texts.revoke.reasonHint(key.owner?.name ?? texts.detail.removedOwner)}
          value={reason}
          onChange={setReason}
          isRequired
        />
      ) : null}
    </FormDialog>
  );
}
