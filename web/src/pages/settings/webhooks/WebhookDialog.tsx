/** A new webhook, or a change of one: where it leads, what it is sent and from which severity on. */

import { useState } from "react";
import { answerOf, server } from "../../../api/server";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { WordButton } from "../../../kit/Buttons";
import { Pick, Tick, WordField } from "../../../kit/Fields";
import { FormDialog } from "../../../kit/FormDialog";
import { SEVERITIES, type Severity } from "../../../kit/Tags";
import { webhookTexts } from "./texts";
import { EVENTS, type MintedWebhook, nameOf, USUAL_EVENTS, type Webhook, type WebhookEvent } from "./webhooks";

const URL_CHARACTERS_MAX = 2048;
const DESCRIPTION_CHARACTERS_MAX = 500;

type WebhookDialogProps = { onClose: () => void } & (
  | { webhook?: never; onMade: (minted: MintedWebhook) => void }
  | { webhook: Webhook; onMade: (webhook: Webhook) => void }
);

export function WebhookDialog({ webhook, onMade, onClose }: WebhookDialogProps) {
  const texts = useTexts(webhookTexts);
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [description, setDescription] = useState(webhook?.description ?? "");
  const [events, setEvents] = useState<readonly WebhookEvent[]>(webhook?.events ?? USUAL_EVENTS);
  // The least of them leaves out none, and says so to the server where one was set before.
  const [severity, setSeverity] = useState<Severity>(webhook?.min_severity ?? "informational");
  const save = async () => {
    const body = { url: url.trim(), description, events: [...events], min_severity: severity };
    if (webhook === undefined) return onMade(await answerOf(server.POST("/v3/webhooks", { body })));
    const params = { path: { webhook_id: webhook.id } };
    onMade(await answerOf(server.PATCH("/v3/webhooks/{webhook_id}", { params, body })));
  };
  return (
    <FormDialog
      title={webhook === undefined ? texts.create : texts.form.edit(nameOf(webhook))}
      submit={webhook === undefined ? texts.create : texts.form.save}
      isIncomplete={url.trim() === "" || events.length === 0}
      onSubmit={save}
      onClose={onClose}
    >
      <WordField
        label={texts.form.url}
        hint={texts.form.urlHint}
        placeholder="https://"
        value={url}
        onChange={setUrl}
        maxLength={URL_CHARACTERS_MAX}
        inputMode="url"
        autoComplete="off"
        isMono
        isRequired
        autoFocus
      />
      <WordField
        label={texts.form.description}
        hint={texts.form.descriptionHint}
        value={description}
        onChange={setDescription}
        maxLength={DESCRIPTION_CHARACTERS_MAX}
      />
      <EventTicks chosen={events} onChange={setEvents} />
      <SeverityPick value={severity} onChange={setSeverity} />
    </FormDialog>
  );
}

interface EventTicksProps {
  chosen: readonly WebhookEvent[];
  onChange: (chosen: readonly WebhookEvent[]) => void;
}

function EventTicks({ chosen, onChange }: EventTicksProps) {
  const texts = useTexts(webhookTexts);
  const set = (event: WebhookEvent, isChosen: boolean) =>
    onChange(EVENTS.filter((one) => (one === event ? isChosen : chosen.includes(one))));
  return (
    <fieldset className="field fieldset">
      <legend className="field-label">{texts.form.events}</legend>
      <div className="scope-actions">
        <WordButton variant="quiet" onPress={() => onChange(EVENTS)}>
          {texts.form.all}
        </WordButton>
        <WordButton variant="quiet" onPress={() => onChange([])}>
          {texts.form.none}
        </WordButton>
      </div>
      <div className="event-ticks">
        {EVENTS.map((event) => (
          <Tick key={event} isSelected={chosen.includes(event)} onChange={(isChosen) => set(event, isChosen)}>
            {texts.events[event]} <code className="field-hint">{event}</code>
            {event === "scan.progress" ? <span className="field-hint"> · {texts.form.often}</span> : null}
          </Tick>
        ))}
      </div>
      {chosen.length === 0 ? <p className="field-error">{texts.form.noEvents}</p> : null}
    </fieldset>
  );
}

function SeverityPick({ value, onChange }: { value: Severity; onChange: (severity: Severity) => void }) {
  const texts = useTexts(webhookTexts).form;
  const words = useSeverityWords();
  return (
    <Pick
      label={texts.severity}
      value={value}
      options={SEVERITIES.toReversed().map((id) => ({ id, text: words(id) }))}
      onChange={onChange}
    />
  );
}

/** From which severity on something is sent, in words. */
export function useSeverityWords(): (severity: Severity | null) => string {
  const { texts: shared } = useSpeech();
  const texts = useTexts(webhookTexts).form;
  return (severity) =>
    severity === null || severity === "informational" ? texts.anySeverity : texts.from(shared.severities[severity]);
}
