/** One webhook: how it stands, what it is, what it was sent, and the ways to try, change and end it. */

import { Who } from "../../../session/Who";
import "../css/settings.css";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { answerOf, server } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { Asked, Refused } from "../../../kit/Asked";
import { WordButton } from "../../../kit/Buttons";
import { Fact } from "../../../kit/Fact";
import { Page } from "../../../kit/Page";
import { StateTag } from "../../../kit/Tags";
import { Moment } from "../../../kit/Times";
import { useToast } from "../../../kit/Toasts";
import { useSession } from "../../../session/session";
import { useChange } from "../../../session/useChange";
import { managesKeys } from "../keys/keys";
import { DeliveryDialog } from "./DeliveryDialog";
import { DeliveryLog } from "./DeliveryLog";
import { webhookQuery } from "./queries";
import { RemoveDialog } from "./RemoveDialog";
import { RotateDialog } from "./RotateDialog";
import { SecretDialog } from "./SecretDialog";
import { webhookTexts } from "./texts";
import { useSeverityWords, WebhookDialog } from "./WebhookDialog";
import { EVENTS, isSentTo, type MintedWebhook, nameOf, STATUS_TONE, type Webhook } from "./webhooks";

const route = getRouteApi("/inside/settings/webhooks/$id");

export function WebhookPage() {
  const { id } = route.useParams();
  const texts = useTexts(webhookTexts);
  const isManaging = managesKeys(useSession());
  const query = useQuery({ ...webhookQuery(id), enabled: isManaging });
  if (isManaging && query.data !== undefined) return <Detail webhook={query.data} />;
  return (
    <Page title={texts.title} crumbs={[{ text: texts.title, to: "/settings/webhooks" }]}>
      {isManaging ? <Asked query={query}>{() => null}</Asked> : <p className="notice">{texts.needsManager}</p>}
    </Page>
  );
}

type Act = "edit" | "rotate" | "remove";

function Detail({ webhook }: { webhook: Webhook }) {
  const texts = useTexts(webhookTexts);
  const client = useQueryClient();
  const { delivery } = route.useSearch();
  const tell = useToast();
  const [act, setAct] = useState<Act | null>(null);
  // Here alone, as on the page of all webhooks.
  const [shown, setShown] = useState<MintedWebhook | null>(null);
  const renew = () => client.invalidateQueries({ queryKey: ["webhooks"] });
  const close = () => setAct(null);
  const edited = (after: Webhook) => {
    close();
    tell(texts.form.saved(nameOf(after)));
    void renew();
  };
  const rotated = (minted: MintedWebhook) => {
    close();
    setShown(minted);
    void renew();
  };
  const { isBusy, fault, run, trial, toggle } = useActs(webhook, renew);
  return (
    <Page
      title={nameOf(webhook)}
      windowTitle={`${nameOf(webhook)} · ${texts.title}`}
      crumbs={[{ text: texts.title, to: "/settings/webhooks" }]}
      actions={
        <>
          <WordButton variant="primary" isPending={isBusy} onPress={() => void run(trial)}>
            {texts.acts.test}
          </WordButton>
          <WordButton onPress={() => setAct("edit")}>{texts.acts.edit}</WordButton>
          <WordButton isPending={isBusy} onPress={() => void run(toggle)}>
            {isSentTo(webhook) ? texts.acts.disable : texts.acts.enable}
          </WordButton>
          <WordButton onPress={() => setAct("rotate")}>{texts.acts.rotate}</WordButton>
          <span className="danger">
            <WordButton onPress={() => setAct("remove")}>{texts.acts.remove}</WordButton>
          </span>
        </>
      }
    >
      {fault === null ? null : <Refused error={fault} />}
      <Health webhook={webhook} />
      <Facts webhook={webhook} />
      <DeliveryLog webhook={webhook} />
      {delivery === undefined ? null : <DeliveryDialog webhook={webhook} id={delivery} />}
      {act === "edit" ? <WebhookDialog webhook={webhook} onMade={edited} onClose={close} /> : null}
      {act === "rotate" ? <RotateDialog webhook={webhook} onMade={rotated} onClose={close} /> : null}
      {act === "remove" ? <RemoveDialog webhook={webhook} onClose={close} /> : null}
      {shown === null ? null : <SecretDialog shown={shown} onStored={() => setShown(null)} />}
    </Page>
  );
}

/** What is done by one press, and what went wrong with it. */
function useActs(webhook: Webhook, renew: () => Promise<void>) {
  const texts = useTexts(webhookTexts).acts;
  const navigate = route.useNavigate();
  const tell = useToast();
  const { isBusy, fault, run } = useChange();
  const params = { path: { webhook_id: webhook.id } };
  const trial = async () => {
    const { id } = await answerOf(server.POST("/v3/webhooks/{webhook_id}/test", { params }));
    await renew();
    await navigate({ search: (before) => ({ ...before, delivery: id }) });
  };
  const toggle = async () => {
    const enabled = !isSentTo(webhook);
    await answerOf(server.PATCH("/v3/webhooks/{webhook_id}", { params, body: { enabled } }));
    await renew();
    tell(enabled ? texts.enabled(nameOf(webhook)) : texts.disabled(nameOf(webhook)));
  };
  return { isBusy, fault, run, trial, toggle };
}

function Health({ webhook: { status, failing_since, disabled_at, disabled_reason } }: { webhook: Webhook }) {
  const texts = useTexts(webhookTexts).health;
  if (status === "off") return <p className="notice">{texts.off}</p>;
  if (status === "disabled" && disabled_at !== null) {
    return (
      <div className="box box-error">
        <TriangleAlert aria-hidden size={19} />
        <div>
          <p>
            {texts.disabled} <Moment at={disabled_at} />: <span lang="en">{disabled_reason}</span>.
          </p>
          <p>{texts.disabledLead}</p>
        </div>
      </div>
    );
  }
  if (failing_since === null) return null;
  return (
    <div className="box box-warning">
      <TriangleAlert aria-hidden size={19} />
      <p>
        {texts.failing} <Moment at={failing_since} />. {texts.failingLead}
      </p>
    </div>
  );
}

function Facts({ webhook }: { webhook: Webhook }) {
  const all = useTexts(webhookTexts);
  const texts = all.facts;
  const severityWords = useSeverityWords();
  const { status, last_delivered_at, old_secret_until } = webhook;
  return (
    <section className="panel stack" aria-labelledby="facts">
      <div className="section-head">
        <h2 id="facts" className="section-title">
          {texts.heading}
        </h2>
        <StateTag tone={STATUS_TONE[status]}>{all.statuses[status]}</StateTag>
      </div>
      <dl className="key-facts">
        <Fact name={texts.url}>
          <code>{webhook.url}</code>
        </Fact>
        <Fact name={texts.delivered}>{last_delivered_at === null ? all.never : <Moment at={last_delivered_at} />}</Fact>
        <Fact name={texts.severity}>{severityWords(webhook.min_severity)}</Fact>
        {old_secret_until === null || Date.parse(old_secret_until) <= Date.now() ? null : (
          <Fact name={texts.oldSecret}>
            <Moment at={old_secret_until} />
          </Fact>
        )}
        <Fact name={texts.created}>
          <Moment at={webhook.created_at} />
        </Fact>
        <Fact name={texts.by}>
          <Who actor={webhook.created_by} />
        </Fact>
        <Fact name={texts.events} isWide>
          {EVENTS.filter((event) => webhook.events.includes(event))
            .map((event) => all.events[event])
            .join(" · ")}
        </Fact>
      </dl>
    </section>
  );
}
