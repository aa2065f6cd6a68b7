/** A new secret for a webhook, and for how long the old one signs beside it. */

import { useState } from "react";
import { answerOf, server } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { Pick } from "../../../kit/Fields";
import { FormDialog } from "../../../kit/FormDialog";
import { webhookTexts } from "./texts";
import { type MintedWebhook, nameOf, OVERLAPS, type Overlap, type Webhook } from "./webhooks";

interface RotateDialogProps {
  webhook: Webhook;
  onMade: (minted: MintedWebhook) => void;
  onClose: () => void;
}

export function RotateDialog({ webhook, onMade, onClose }: RotateDialogProps) {
  const all = useTexts(webhookTexts);
  const texts = all.rotation;
  const [overlap, setOverlap] = useState<Overlap>("24");
  const rotate = async () => {
    const params = { path: { webhook_id: webhook.id } };
    const body = { overlap_hours: Number(overlap) };
    onMade(await answerOf(server.POST("/v3/webhooks/{webhook_id}/rotate", { params, body })));
  };
  return (
    <FormDialog
      title={texts.title(nameOf(webhook))}
      lead={texts.lead}
      submit={all.acts.rotate}
      onSubmit={rotate}
      onClose={onClose}
    >
      <Pick
        label={texts.overlap}
        value={overlap}
        options={OVERLAPS.map((id) => ({ id, text: texts.overlaps[id] }))}
        onChange={setOverlap}
        {...(overlap === "0" ? { hint: texts.leaked } : {})}
      />
    </FormDialog>
  );
}
