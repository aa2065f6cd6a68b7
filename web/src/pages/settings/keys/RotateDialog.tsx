/** The first of the two steps of a rotation: a new secret beside the old one. */

import { useState } from "react";
import { answerOf, server } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { FormDialog } from "../../../kit/FormDialog";
import { useWhoami } from "../../../session/clock";
import { ExpiryFields, type ExpiryWish } from "./ExpiryFields";
import { type Expiry, expiryOf, type Key, type ShownKey } from "./keys";
import { keyTexts } from "./texts";

interface RotateDialogProps {
  record: Key;
  onMade: (key: ShownKey) => void;
  onClose: () => void;
}

export function RotateDialog({ record: key, onMade, onClose }: RotateDialogProps) {
  const texts = useTexts(keyTexts).rotation;
  const whoami = useWhoami();
  const [expiry, setExpiry] = useState<ExpiryWish<"keep" | Expiry>>({ choice: "keep", day: "" });
  const serverNow = Date.now() + (whoami?.ahead ?? 0);
  const rotate = async () => {
    const { choice, day } = expiry;
    const body = choice === "keep" ? {} : { expires_at: expiryOf(choice, day, serverNow) };
    onMade(await answerOf(server.POST("/v3/keys/{key_id}/rotate", { params: { path: { key_id: key.id } }, body })));
  };
  return (
    <FormDialog
      title={texts.title(key.name)}
      lead={texts.lead}
      submit={texts.rotate}
      isIncomplete={expiry.choice === "custom" && expiry.day === ""}
      onSubmit={rotate}
      onClose={onClose}
    >
      <div className="form-row">
        <ExpiryFields<"keep"> wish={expiry} onChange={setExpiry} first={[{ id: "keep", text: texts.keep }]} />
      </div>
    </FormDialog>
  );
}
