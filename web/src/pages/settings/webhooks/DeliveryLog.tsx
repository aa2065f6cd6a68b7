/** What a webhook was sent, the newest first, narrowed by the address; what failed can be sent again at once. */

import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, server } from "../../../api/server";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Asked, Empty } from "../../../kit/Asked";
import { WordButton } from "../../../kit/Buttons";
import { Choice } from "../../../kit/Choice";
import { WordField } from "../../../kit/Fields";
import { FormDialog } from "../../../kit/FormDialog";
import { HeadRow } from "../../../kit/HeadRow";
import { StateTag } from "../../../kit/Tags";
import { Moment } from "../../../kit/Times";
import { useToast } from "../../../kit/Toasts";
import { oneOf } from "../../../lib/oneOf";
import { More } from "../More";
import { deliveriesQuery } from "./queries";
import { webhookTexts } from "./texts";
import { DELIVERY_STATES, DELIVERY_TONE, type Delivery, isSentTo, type Webhook } from "./webhooks";

const route = getRouteApi("/inside/settings/webhooks/$id");

export function DeliveryLog({ webhook }: { webhook: Webhook }) {
  const texts = useTexts(webhookTexts).log;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const state = oneOf(search.state, DELIVERY_STATES);
  const query = useInfiniteQuery(deliveriesQuery(webhook.id, state));
  const [isReplaying, setReplaying] = useState(false);
  const isOpen = isSentTo(webhook);
  return (
    <section className="stack" aria-labelledby="deliveries">
      <div className="section-head">
        <h2 id="deliveries" className="section-title">
          {texts.heading}
        </h2>
        <span className="grow" />
        <Choice
          label={texts.state}
          value={state ?? "any"}
          options={[{ id: "any", text: texts.any }, ...DELIVERY_STATES.map((id) => ({ id, text: texts.states[id] }))]}
          onChange={(id) =>
            void navigate({ search: { ...search, state: id === "any" ? undefined : id }, replace: true })
          }
        />
        <WordButton
          isDisabled={!isOpen}
          {...(isOpen ? {} : { "aria-describedby": "not-while-off" })}
          onPress={() => setReplaying(true)}
        >
          {texts.again}
        </WordButton>
      </div>
      {isOpen ? null : (
        <p id="not-while-off" className="field-hint">
          {texts.notWhileOff}
        </p>
      )}
      <Asked query={query}>
        {({ pages }) => {
          const deliveries = pages.flatMap(({ data }) => data);
          if (deliveries.length > 0) return <DeliveryTable deliveries={deliveries} />;
          return state === undefined ? (
            <Empty title={texts.none}>{texts.noneLead}</Empty>
          ) : (
            <Empty title={texts.noneFiltered} />
          );
        }}
      </Asked>
      <More query={query} />
      {isReplaying ? <ReplayDialog webhook={webhook} onClose={() => setReplaying(false)} /> : null}
    </section>
  );
}

const COLUMNS = ["event", "state", "created", "attempts", "reason"] as const;

function DeliveryTable({ deliveries }: { deliveries: readonly Delivery[] }) {
  const texts = useTexts(webhookTexts).log;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and who has no pointer scrolls it by keys
    <section className="table-box panel-table" aria-label={texts.heading} tabIndex={0}>
      <table className="table">
        <HeadRow columns={COLUMNS} texts={texts.columns} />
        <tbody>
          {deliveries.map((delivery) => (
            <Row key={delivery.id} delivery={delivery} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({
  delivery: { id, event, state, created_at, attempts, next_attempt_at, reason },
}: {
  delivery: Delivery;
}) {
  const { formats } = useSpeech();
  const texts = useTexts(webhookTexts).log;
  return (
    <tr>
      <th scope="row" className="key-name">
        <Link
          to="/settings/webhooks/$id"
          params={(before) => ({ id: before.id ?? "" })}
          search={(before) => ({ ...before, delivery: id })}
          className="mono"
        >
          {event}
        </Link>
      </th>
      <td>
        <StateTag tone={DELIVERY_TONE[state]}>{texts.states[state]}</StateTag>
        {next_attempt_at === null ? null : (
          <span className="field-hint key-hint">
            {texts.next} <Moment at={next_attempt_at} />
          </span>
        )}
      </td>
      <td>
        <Moment at={created_at} />
      </td>
      <td>{formats.number(attempts)}</td>
      <td className="break" lang="en">
        {reason ?? "–"}
      </td>
    </tr>
  );
}

/** All that failed since a day: it is kept for seven. */
function ReplayDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const texts = useTexts(webhookTexts).log;
  const client = useQueryClient();
  const tell = useToast();
  const [since, setSince] = useState("");
  const replay = async () => {
    const params = { path: { webhook_id: webhook.id } };
    const { replayed } = await answerOf(server.POST("/v3/webhooks/{webhook_id}/replay", { params, body: { since } }));
    await client.invalidateQueries({ queryKey: ["webhooks"] });
    tell(texts.sentAgain(replayed));
    onClose();
  };
  return (
    <FormDialog
      title={texts.again}
      lead={texts.againLead}
      submit={texts.again}
      isIncomplete={since === ""}
      onSubmit={replay}
      onClose={onClose}
    >
      <WordField label={texts.since} type="date" value={since} onChange={setSince} isRequired autoFocus />
    </FormDialog>
  );
}
