/** The end of a webhook, for good: by typing where it leads. */

import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, server } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { FormDialog } from "../../../kit/FormDialog";
import { useToast } from "../../../kit/Toasts";
import { TypedName } from "../../../kit/TypedName";
import { webhooksQuery } from "./queries";
import { webhookTexts } from "./texts";
import { hostOf, nameOf, type Webhook } from "./webhooks";

export function RemoveDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const all = useTexts(webhookTexts);
  const texts = all.removal;
  const client = useQueryClient();
  const navigate = useNavigate();
  const tell = useToast();
  const [typed, setTyped] = useState("");
  const host = hostOf(webhook);
  const remove = async () => {
    await answerOf(server.DELETE("/v3/webhooks/{webhook_id}", { params: { path: { webhook_id: webhook.id } } }));
    tell(texts.done(nameOf(webhook)));
    await navigate({ to: "/settings/webhooks" });
    await client.invalidateQueries({ queryKey: webhooksQuery.queryKey });
  };
  return (
    <FormDialog
      title={texts.title(nameOf(webhook))}
      lead={texts.lead}
      submit={all.acts.remove}
      isDangerous
      isIncomplete={typed.trim() !== host}
      onSubmit={remove}
      onClose={onClose}
    >
      <TypedName label={texts.type(host)} mismatch={texts.mismatch} name={host} typed={typed} onChange={setTyped} />
    </FormDialog>
  );
}
