/** Where events of the workspace are sent, and how each place takes them. */

import "../css/settings.css";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTexts } from "../../../i18n/texts";
import { Asked, Empty } from "../../../kit/Asked";
import { PanelTable } from "../../../kit/PanelTable";
import { StateTag } from "../../../kit/Tags";
import { Moment } from "../../../kit/Times";
import { ManagersPage } from "../ManagersPage";
import { webhooksQuery } from "./queries";
import { SecretDialog } from "./SecretDialog";
import { webhookTexts } from "./texts";
import { WebhookDialog } from "./WebhookDialog";
import { EVENTS, hostOf, type MintedWebhook, nameOf, STATUS_TONE, type Webhook } from "./webhooks";

export function WebhooksPage() {
  const texts = useTexts(webhookTexts);
  const client = useQueryClient();
  const [isMaking, setMaking] = useState(false);
  // The secret lives here alone: it goes when the dialog closes, and with the page.
  const [shown, setShown] = useState<MintedWebhook | null>(null);
  const made = (webhook: MintedWebhook) => {
    setMaking(false);
    setShown(webhook);
    void client.invalidateQueries({ queryKey: ["webhooks"] });
  };
  return (
    <ManagersPage
      texts={texts}
      make={{ text: texts.create, icon: Plus, onPress: () => setMaking(true) }}
      list={<Webhooks />}
    >
      {isMaking ? <WebhookDialog onMade={made} onClose={() => setMaking(false)} /> : null}
      {shown === null ? null : <SecretDialog shown={shown} onStored={() => setShown(null)} />}
    </ManagersPage>
  );
}

const COLUMNS = ["name", "status", "events", "delivered", "created"] as const;

function Webhooks() {
  const texts = useTexts(webhookTexts);
  return (
    <Asked query={useQuery(webhooksQuery)}>
      {({ data }) =>
        data.length === 0 ? (
          <Empty title={texts.none}>{texts.noneLead}</Empty>
        ) : (
          <PanelTable title={texts.title} columns={COLUMNS} texts={texts.columns}>
            {data.map((webhook) => (
              <Row key={webhook.id} webhook={webhook} />
            ))}
          </PanelTable>
        )
      }
    </Asked>
  );
}

function Row({ webhook }: { webhook: Webhook }) {
  const texts = useTexts(webhookTexts);
  const { status, events, failing_since, disabled_reason, last_delivered_at } = webhook;
  return (
    <tr data-ended={status === "off" || status === "disabled"}>
      <th scope="row" className="key-name">
        <Link to="/settings/webhooks/$id" params={{ id: webhook.id }}>
          {nameOf(webhook)}
        </Link>
        {webhook.description === "" ? null : <span className="mono field-hint key-hint">{hostOf(webhook)}</span>}
      </th>
      <td>
        <StateTag tone={STATUS_TONE[status]}>{texts.statuses[status]}</StateTag>
        {status === "failing" && failing_since !== null ? (
          <span className="field-hint key-hint">
            {texts.failingSince} <Moment at={failing_since} />
          </span>
        ) : null}
        {disabled_reason === null ? null : (
          <span className="field-hint key-hint" lang="en">
            {disabled_reason}
          </span>
        )}
      </td>
      <td title={events.join(", ")}>
        {events.length === EVENTS.length ? texts.allEvents : texts.eventCount(events.length)}
      </td>
      <td>{last_delivered_at === null ? texts.never : <Moment at={last_delivered_at} />}</td>
      <td>
        <Moment at={webhook.created_at} />
      </td>
    </tr>
  );
}
