/** How a key is used: calls by how they ended as bars or as a table, and each of them below. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Asked, Empty } from "../../../kit/Asked";
import { Choice } from "../../../kit/Choice";
import { HeadRow } from "../../../kit/HeadRow";
import { StateTag } from "../../../kit/Tags";
import { Moment } from "../../../kit/Times";
import { oneOf } from "../../../lib/oneOf";
import { More } from "../More";
import { usageQuery, usageStepsQuery } from "./queries";
import { UsageChart } from "./UsageChart";
import { UsageTable } from "./UsageTable";
import { OUTCOME_TONE, OUTCOMES, PERIODS, type Use } from "./usage";
import { usageTexts } from "./usageTexts";

const route = getRouteApi("/inside/settings/api-keys/$id");

export function UsagePanel({ id }: { id: string }) {
  const texts = useTexts(usageTexts);
  const query = useInfiniteQuery(usageQuery(id));
  return (
    <section className="panel stack" aria-labelledby="usage">
      <h2 id="usage" className="section-title">
        {texts.heading}
      </h2>
      <Asked query={query}>
        {({ pages }) => {
          const uses = pages.flatMap(({ data }) => data);
          if (uses.length === 0) return <Empty title={texts.none}>{texts.noneLead}</Empty>;
          return (
            <>
              <Overview id={id} />
              <Log uses={uses} />
              <More query={query} label={texts.more} />
            </>
          );
        }}
      </Asked>
    </section>
  );
}

function Overview({ id }: { id: string }) {
  const texts = useTexts(usageTexts);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const period = search.period === "day" ? "day" : "hour";
  return (
    <>
      <div className="section-head">
        <Choice
          label={texts.period}
          value={period}
          options={PERIODS.map((one) => ({ id: one, text: texts.periods[one] }))}
          onChange={(one) =>
            void navigate({ search: { ...search, period: one === "day" ? one : undefined }, replace: true })
          }
        />
        <span className="grow" />
        <Choice
          label={texts.view}
          value={search.view === "table" ? "table" : "bars"}
          options={[
            { id: "bars", text: texts.bars },
            { id: "table", text: texts.table },
          ]}
          onChange={(view) =>
            void navigate({ search: { ...search, view: view === "table" ? "table" : undefined }, replace: true })
          }
        />
      </div>
      <Asked query={useQuery(usageStepsQuery(id, period))}>
        {({ data, calls }) => {
          if (calls === 0) return <p className="muted">{texts.noneOfPeriod}</p>;
          if (search.view === "table") return <UsageTable steps={data} />;
          return <UsageChart steps={data} step={texts.steps[period]} />;
        }}
      </Asked>
    </>
  );
}

function Log({ uses }: { uses: readonly Use[] }) {
  const texts = useTexts(usageTexts);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const wanted = oneOf(search.outcome, OUTCOMES);
  const fitting = uses.filter(({ outcome }) => wanted === undefined || outcome === wanted);
  return (
    <>
      <div className="section-head">
        <h3 className="section-title">{texts.log}</h3>
        <span className="muted">{texts.shown(uses.length)}</span>
        <span className="grow" />
        <Choice
          label={texts.outcome}
          value={wanted ?? "any"}
          options={[
            { id: "any", text: texts.anyOutcome },
            ...OUTCOMES.map((outcome) => ({ id: outcome, text: texts.outcomes[outcome] })),
          ]}
          onChange={(outcome) =>
            void navigate({
              search: { ...search, outcome: outcome === "any" ? undefined : outcome },
              replace: true,
            })
          }
        />
      </div>
      {fitting.length === 0 ? <p className="muted">{texts.noneOfOutcome}</p> : <LogTable uses={fitting} />}
    </>
  );
}

const COLUMNS = ["at", "call", "status", "took", "address", "secret", "agent", "request"] as const;

function LogTable({ uses }: { uses: readonly Use[] }) {
  const { formats } = useSpeech();
  const texts = useTexts(usageTexts);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and who has no pointer scrolls it by keys
    <section className="table-box log-box" aria-label={texts.log} tabIndex={0}>
      <table className="table">
        <HeadRow columns={COLUMNS} texts={texts.columns} />
        <tbody>
          {uses.map((use) => (
            <tr key={use.request_id}>
              <td>
                <Moment at={use.at} />
              </td>
              <td className="mono wide">
                {use.method} {use.path}
              </td>
              <td>
                <StateTag tone={OUTCOME_TONE[use.outcome]}>{`${use.status} ${texts.outcomes[use.outcome]}`}</StateTag>
              </td>
              <td className="numeric">{texts.milliseconds(formats.number(use.milliseconds))}</td>
              <td className="mono">{use.ip ?? "–"}</td>
              <td>{use.is_old_secret ? <StateTag tone="warn">{texts.old}</StateTag> : texts.current}</td>
              <td className="agent" title={use.agent ?? undefined}>
                {use.agent ?? "–"}
              </td>
              <td className="mono agent" title={use.request_id}>
                {use.request_id}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
