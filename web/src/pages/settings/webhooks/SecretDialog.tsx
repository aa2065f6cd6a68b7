/** The once-only sight of the secret that signs what a webhook is sent. */

import { useTexts } from "../../../i18n/texts";
import { OnceDialog, OnceText } from "../../../kit/OnceDialog";
import { webhookTexts } from "./texts";
import { type MintedWebhook, nameOf } from "./webhooks";

export function SecretDialog({ shown, onStored }: { shown: MintedWebhook; onStored: () => void }) {
  const texts = useTexts(webhookTexts).once;
  return (
    <OnceDialog title={texts.title} lead={texts.lead(nameOf(shown))} onStored={onStored}>
      <OnceText label={texts.secret} text={shown.secret} hint={texts.hint} />
    </OnceDialog>
  );
}
