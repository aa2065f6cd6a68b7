/** The batches that were handed in, newest first: how each stands, what came of it, and a way to stop it. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked } from "../../kit/Asked";
import { HeadRow } from "../../kit/HeadRow";
import { StateTag } from "../../kit/Tags";
import { Moment } from "../../kit/Times";
import { More } from "../settings/More";
import { BatchButton } from "./BatchButton";
import { type Batch, isOpen, nameOfBatch, toneOf } from "./batches";
import { batchesQuery } from "./queries";
import { Share } from "./Share";
import { telemetryTexts } from "./texts";

const COLUMNS = ["batch", "state", "sent", "events", "matches", "threats", "acts"] as const;

export function BatchList() {
  const texts = useTexts(telemetryTexts).list;
  const query = useInfiniteQuery(batchesQuery);
  return (
    <section className="panel stack" aria-labelledby="batches">
      <h2 id="batches" className="section-title">
        {texts.heading}
      </h2>
      <Asked query={query}>
        {({ pages }) => {
          const batches = pages.flatMap(({ data }) => data);
          if (batches.length === 0)
            return (
              <p className="empty">
                <strong>{texts.none}.</strong> {texts.noneLead}
              </p>
            );
          return (
            <>
              <div className="table-frame">
                <table className="batch-table">
                  <caption className="visually-hidden">{texts.heading}</caption>
                  <HeadRow columns={COLUMNS} texts={texts.columns} />
                  <tbody>
                    {batches.map((batch) => (
                      <Line key={batch.batch_id} batch={batch} />
                    ))}
                  </tbody>
                </table>
              </div>
              <More query={query} label={texts.more} />
            </>
          );
        }}
      </Asked>
    </section>
  );
}

function Line({ batch }: { batch: Batch }) {
  const { formats } = useSpeech();
  const texts = useTexts(telemetryTexts);
  const name = nameOfBatch(batch.batch_id);
  const number = (count: number | undefined) => (count === undefined ? "–" : formats.number(count));
  return (
    <tr>
      <th scope="row" className="batch-name">
        <Link to="/telemetry/$id" params={{ id: batch.batch_id }} className={name === undefined ? "mono" : undefined}>
          {name ?? batch.batch_id}
        </Link>
      </th>
      <td>
        <StateTag tone={toneOf(batch.state)}>{texts.states[batch.state]}</StateTag>
        {batch.state === "running" ? <Share share={batch.progress} label={texts.list.progress} /> : null}
      </td>
      <td>
        <Moment at={batch.created_at} />
      </td>
      <td className="cell-number">{number(batch.counts?.events)}</td>
      <td className="cell-number">{number(batch.counts?.matches_total)}</td>
      <td className="cell-number">{number(batch.counts?.threats)}</td>
      <td className="cell-number">{isOpen(batch.state) ? <BatchButton id={batch.batch_id} act="cancel" /> : null}</td>
    </tr>
  );
}
