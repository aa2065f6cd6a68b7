/** One delivery: what was sent, each attempt with its answer, and the way to send it again. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { answerOf, server } from "../../../api/server";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Asked, Refused } from "../../../kit/Asked";
import { WordButton } from "../../../kit/Buttons";
import { Fold } from "../../../kit/Fold";
import { Overlay } from "../../../kit/Overlay";
import { StateTag } from "../../../kit/Tags";
import { Moment } from "../../../kit/Times";
import { useToast } from "../../../kit/Toasts";
import { useChange } from "../../../session/useChange";
import { deliveryQuery } from "./queries";
import { webhookTexts } from "./texts";
import { DELIVERY_TONE, type DeliveryDetails, isSentTo, type Webhook } from "./webhooks";

const route = getRouteApi("/inside/settings/webhooks/$id");

export function DeliveryDialog({ webhook, id }: { webhook: Webhook; id: string }) {
  const texts = useTexts(webhookTexts);
  const navigate = route.useNavigate();
  const query = useQuery(deliveryQuery(webhook.id, id));
  const close = () => void navigate({ search: (before) => ({ ...before, delivery: undefined }) });
  return (
    <Overlay title={texts.delivery.title(query.data?.event ?? "…")} isOpen onOpenChange={close}>
      <div className="dialog-body">
        <Asked query={query}>{(delivery) => <Details delivery={delivery} />}</Asked>
      </div>
      <Replay webhook={webhook} id={id} />
    </Overlay>
  );
}

function Details({ delivery }: { delivery: DeliveryDetails }) {
  const texts = useTexts(webhookTexts);
  const { id, state, created_at, finished_at, next_attempt_at, log, body } = delivery;
  return (
    <>
      <p className="chips-line">
        <StateTag tone={DELIVERY_TONE[state]}>{texts.log.states[state]}</StateTag>
        <span className="field-hint">
          {texts.log.columns.created} <Moment at={created_at} />
          {finished_at === null ? null : (
            <>
              {" · "}
              {texts.delivery.finished} <Moment at={finished_at} />
            </>
          )}
          {next_attempt_at === null ? null : (
            <>
              {" · "}
              {texts.log.next} <Moment at={next_attempt_at} />
            </>
          )}
        </span>
      </p>
      <p className="field-hint">
        {texts.delivery.id} <code>{id}</code>
      </p>
      <section className="stack" aria-labelledby="attempts">
        <h3 id="attempts" className="field-label">
          {texts.delivery.attempts}
        </h3>
        {log.length === 0 ? <p className="muted">{texts.delivery.noAttempts}</p> : null}
        <ol className="attempts">
          {log.toReversed().map((attempt) => (
            <Attempt key={attempt.number} attempt={attempt} />
          ))}
        </ol>
      </section>
      <Fold label={texts.delivery.body}>
        {() => (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and who has no pointer scrolls it by keys
          <pre className="snippet" tabIndex={0}>
            {JSON.stringify(body, null, 2)}
          </pre>
        )}
      </Fold>
    </>
  );
}

function Attempt({ attempt }: { attempt: DeliveryDetails["log"][number] }) {
  const { formats } = useSpeech();
  const texts = useTexts(webhookTexts).delivery;
  const { number, at, status, failure, latency_ms, reply } = attempt;
  const isTaken = status !== null && status >= 200 && status < 300;
  return (
    <li>
      <div className="chips-line">
        <span className="numeric">{formats.number(number)}</span>
        <StateTag tone={isTaken ? "good" : "bad"}>{status === null ? texts.noAnswer : `HTTP ${status}`}</StateTag>
        <span className="field-hint">
          <Moment at={at} /> · {texts.milliseconds(formats.number(latency_ms))}
        </span>
      </div>
      {failure === null ? null : <p lang="en">{failure}</p>}
      {reply === "" ? null : (
        <div className="field">
          <span className="field-label">{texts.answer}</span>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and who has no pointer scrolls it by keys */}
          <pre className="snippet" tabIndex={0}>
            {reply}
          </pre>
        </div>
      )}
    </li>
  );
}

function Replay({ webhook, id }: { webhook: Webhook; id: string }) {
  const texts = useTexts(webhookTexts);
  const client = useQueryClient();
  const tell = useToast();
  const { isBusy, fault, run } = useChange();
  const isOpen = isSentTo(webhook);
  const replay = async () => {
    const params = { path: { webhook_id: webhook.id, delivery_id: id } };
    await answerOf(server.POST("/v3/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", { params }));
    await client.invalidateQueries({ queryKey: ["webhooks"] });
    tell(texts.delivery.replayed);
  };
  return (
    <div className="dialog-foot">
      {fault === null ? null : <Refused error={fault} />}
      <span id="replay-why" className="field-hint grow">
        {isOpen ? "" : texts.log.notWhileOff}
      </span>
      <WordButton
        isPending={isBusy}
        isDisabled={!isOpen}
        {...(isOpen ? {} : { "aria-describedby": "replay-why" })}
        onPress={() => void run(replay)}
      >
        {texts.delivery.replay}
      </WordButton>
    </div>
  );
}
