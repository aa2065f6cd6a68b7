/** One batch: how far it is, and then which rules fired on which events, why, and what to do. */

import "../telemetry/css/telemetry.css";
import "./css/batch.css";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { CircleAlert } from "lucide-react";
import { useEffect, useRef } from "react";
import { Refusal, type Shapes } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked, Empty } from "../../kit/Asked";
import { Announcement } from "../../kit/Live";
import { Page } from "../../kit/Page";
import { StateTag } from "../../kit/Tags";
import { Moment } from "../../kit/Times";
import { BatchButton } from "../telemetry/BatchButton";
import { isOpen, nameOfBatch, toneOf } from "../telemetry/batches";
import { batchQuery } from "../telemetry/queries";
import { Share } from "../telemetry/Share";
import { telemetryTexts } from "../telemetry/texts";
import { BatchExport } from "./BatchExport";
import { eventsIn, speedOf } from "./batch";
import { Result } from "./Result";
import { batchTexts } from "./texts";

const route = getRouteApi("/inside/telemetry/$id");

type Batch = Shapes["BatchReply"];

export function BatchPage() {
  const texts = useTexts(batchTexts);
  const words = useTexts(telemetryTexts);
  const { id } = route.useParams();
  const query = useQuery(batchQuery(id));
  const crumbs = [{ text: words.title, to: "/telemetry" }];
  if (query.error instanceof Refusal && query.error.status === 404) {
    return (
      <Page title={texts.missing.title} crumbs={crumbs}>
        <Empty title={texts.missing.title} action={<Link to="/telemetry">{words.title}</Link>}>
          {texts.missing.text}
        </Empty>
      </Page>
    );
  }
  const name = nameOfBatch(id) ?? id;
  return (
    <Page
      title={name}
      windowTitle={texts.windowTitle(name)}
      crumbs={crumbs}
      actions={query.data === undefined ? undefined : <Actions batch={query.data} name={name} />}
    >
      <Asked query={query}>{(batch) => <Found batch={batch} />}</Asked>
    </Page>
  );
}

function Actions({ batch, name }: { batch: Batch; name: string }) {
  const texts = useTexts(batchTexts);
  const navigate = useNavigate();
  if (isOpen(batch.state)) return <BatchButton id={batch.batch_id} act="cancel" />;
  return (
    <>
      {batch.result === null || batch.result.matches_total === 0 ? null : (
        <BatchExport id={batch.batch_id} name={name} result={batch.result} />
      )}
      <BatchButton id={batch.batch_id} act="remove" onDone={() => navigate({ to: "/telemetry" })} />
      <Link className="button button-secondary" to="/telemetry">
        {texts.another}
      </Link>
    </>
  );
}

function Found({ batch }: { batch: Batch }) {
  const texts = useTexts(batchTexts);
  const words = useTexts(telemetryTexts);
  return (
    <>
      <p className="batch-tags">
        <StateTag tone={toneOf(batch.state)}>{words.states[batch.state]}</StateTag>
        <span className="muted">
          {texts.handedIn} <Moment at={batch.created_at} />
        </span>
      </p>
      <Announcement message={words.states[batch.state]} />
      {isOpen(batch.state) ? <Running batch={batch} /> : null}
      {batch.result === null ? null : <Result id={batch.batch_id} result={batch.result} />}
      {isOpen(batch.state) || batch.result !== null ? null : <Ended batch={batch} />}
    </>
  );
}

function Running({ batch }: { batch: Batch }) {
  const { formats } = useSpeech();
  const texts = useTexts(batchTexts).running;
  const told = useRef<{ at: number; events: number }[]>([]);
  const events = eventsIn(batch.doing);
  useEffect(() => {
    if (events !== null && told.current.at(-1)?.events !== events) told.current.push({ at: Date.now(), events });
  }, [events]);
  const speed = speedOf(told.current);
  return (
    <section className="panel stack" aria-label={texts.label}>
      <Share share={batch.progress} label={texts.label} />
      <p>
        {events === null ? (batch.doing === "" ? texts.waiting : batch.doing) : texts.events(formats.number(events))}
        {speed === null ? null : <span className="muted"> · {texts.speed(formats.number(Math.round(speed)))}</span>}
      </p>
      <p className="field-hint">{texts.leave}</p>
    </section>
  );
}

function Ended({ batch: { state, error } }: { batch: Batch }) {
  const texts = useTexts(batchTexts).ended;
  if (state === "cancelled") return <Empty title={texts.cancelled}>{texts.again}</Empty>;
  return (
    <div className="box box-error" role="alert">
      <CircleAlert aria-hidden size={19} />
      <div>
        <strong>{texts.failed}</strong>
        {error === null ? null : (
          <p className="server-text">
            {error.message} <code>{error.code}</code>
          </p>
        )}
        <p className="field-hint">{texts.again}</p>
      </div>
    </div>
  );
}
