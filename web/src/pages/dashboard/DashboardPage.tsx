/** What is open, what is new and what it does: each number leads to the threats that it counts. */

import "./css/dashboard.css";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Shapes } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked } from "../../kit/Asked";
import { Choice } from "../../kit/Choice";
import { Figure } from "../../kit/Figure";
import { Page } from "../../kit/Page";
import { SEVERITIES, SeverityTag } from "../../kit/Tags";
import { Moment } from "../../kit/Times";
import { summaryQuery, threatsQuery } from "../threats/queries";
import { StatusTag } from "../threats/StatusTag";
import { OPEN_STATUSES, STATUSES } from "../threats/search";
import { nameOf, severityOf } from "../threats/threat";
import { threatWords } from "../threats/words";
import { Sources } from "./Sources";
import { dashboardTexts } from "./texts";

const PERIODS = ["14", "30"] as const;
type Period = (typeof PERIODS)[number];
const NEWEST_SHOWN = 8;
const OPEN = OPEN_STATUSES.join(",");

type Summary = Shapes["SummaryReply"];

export function DashboardPage() {
  const texts = useTexts(dashboardTexts);
  const days = useDays();
  const query = useQuery(summaryQuery(days));
  return (
    <Page
      title={texts.title}
      lead={
        query.data === undefined ? undefined : (
          <>
            {texts.asOf} <Moment at={query.data.at} />
          </>
        )
      }
      actions={
        <Link className="button button-primary" to="/analyze">
          {texts.analyse}
        </Link>
      }
    >
      <Asked query={query}>
        {(summary) => (
          <div className="dashboard">
            <Open summary={summary} />
            <Trend summary={summary} days={days} />
            <Techniques summary={summary} />
            <Newest />
            <Statuses summary={summary} />
            <Sources />
          </div>
        )}
      </Asked>
    </Page>
  );
}

function useDays(): Period {
  const { days } = useSearch({ strict: false }) as { days?: string };
  return PERIODS.find((one) => one === days) ?? "14";
}

function Open({ summary: { open } }: { summary: Summary }) {
  const { texts: shared, formats } = useSpeech();
  const texts = useTexts(dashboardTexts).open;
  const counted = SEVERITIES.map((severity) => ({
    severity,
    count: severity === "informational" ? open.info : open[severity],
  }));
  const link = (severity: string, count: number) => (
    <Link to="/threats" search={{ severity, status: OPEN }}>
      {formats.number(count)}
    </Link>
  );
  return (
    <div className="dashboard-wide">
      <Figure
        title={texts.heading}
        lead={texts.lead}
        heads={[texts.severity, texts.count]}
        rows={counted.map(({ severity, count }) => [shared.severities[severity], link(severity, count)])}
      >
        <ul className="tiles">
          <li>
            <Link to="/threats" search={{ status: OPEN }} className="tile">
              <strong>{formats.number(open.total)}</strong>
              <span>{texts.all}</span>
            </Link>
          </li>
          {counted.map(({ severity, count }) => (
            <li key={severity}>
              <Link to="/threats" search={{ severity, status: OPEN }} className="tile" data-severity={severity}>
                <strong>{formats.number(count)}</strong>
                <SeverityTag severity={severity} />
                <span className="tile-bar" aria-hidden>
                  <span style={{ inlineSize: `${(100 * count) / Math.max(open.total, 1)}%` }} />
                </span>
              </Link>
            </li>
          ))}
        </ul>
      </Figure>
    </div>
  );
}

/** Where not all days fit the newest are seen first. */
const showNewest = (list: HTMLOListElement | null) => list?.scrollTo({ left: list.scrollWidth });

function Trend({ summary: { opened_by_day: opened }, days }: { summary: Summary; days: Period }) {
  const { formats } = useSpeech();
  const texts = useTexts(dashboardTexts).trend;
  const navigate = useNavigate();
  const most = Math.max(...opened.map(({ count }) => count), 1);
  const total = opened.reduce((sum, { count }) => sum + count, 0);
  const nameOfDay = (day: string) => formats.date(`${day}T12:00:00Z`);
  return (
    <div className="dashboard-wide">
      <Figure
        title={texts.heading}
        lead={texts.lead(formats.number(total), days)}
        actions={
          <Choice
            label={texts.days}
            value={days}
            options={PERIODS.map((id) => ({ id, text: id }))}
            onChange={(id) => void navigate({ to: "/", search: id === "14" ? {} : { days: id }, replace: true })}
          />
        }
        heads={[texts.day, texts.count]}
        rows={opened.map(({ day, count }) => [
          nameOfDay(day),
          <Link key={day} to="/threats" search={{ since: day, until: day }}>
            {formats.number(count)}
          </Link>,
        ])}
      >
        <ol className="day-bars" ref={showNewest}>
          {opened.map(({ day, count }) => (
            <li key={day}>
              <Link
                to="/threats"
                search={{ since: day, until: day }}
                className="day-bar"
                aria-label={texts.link(nameOfDay(day), formats.number(count))}
                title={texts.link(nameOfDay(day), formats.number(count))}
              >
                <span className="day-count" aria-hidden>
                  {count === 0 ? "" : formats.number(count)}
                </span>
                <span className="day-fill" aria-hidden style={{ blockSize: `${(100 * count) / most}%` }} />
              </Link>
              <span className="day-name" aria-hidden>
                {Number(day.slice(8))}
              </span>
            </li>
          ))}
        </ol>
      </Figure>
    </div>
  );
}

function Techniques({ summary: { open_techniques: techniques } }: { summary: Summary }) {
  const { formats } = useSpeech();
  const texts = useTexts(dashboardTexts).techniques;
  const most = Math.max(...techniques.map(({ count }) => count), 1);
  const nameOfOne = (one: Summary["open_techniques"][number]) => `${one.technique_id} ${one.name ?? ""}`.trim();
  return (
    <Figure
      title={texts.heading}
      lead={texts.lead}
      heads={[texts.technique, texts.count]}
      rows={techniques.map((one) => [
        nameOfOne(one),
        <Link key={one.technique_id} to="/threats" search={{ technique: one.technique_id, status: OPEN }}>
          {formats.number(one.count)}
        </Link>,
      ])}
    >
      {techniques.length === 0 ? <p className="empty">{texts.none}</p> : null}
      <ol className="rank-bars">
        {techniques.map((one) => (
          <li key={one.technique_id}>
            <Link to="/threats" search={{ technique: one.technique_id, status: OPEN }} className="rank-bar">
              <span className="rank-name">
                <span className="mono">{one.technique_id}</span> {one.name}
              </span>
              <span className="rank-count">{formats.number(one.count)}</span>
              <span className="rank-track" aria-hidden>
                <span style={{ inlineSize: `${(100 * one.count) / most}%` }} />
              </span>
            </Link>
          </li>
        ))}
      </ol>
    </Figure>
  );
}

function Newest() {
  const texts = useTexts(dashboardTexts).newest;
  const query = useQuery({ ...threatsQuery({}, NEWEST_SHOWN), refetchInterval: 60_000 });
  return (
    <section className="panel stack" aria-labelledby="newest">
      <div className="section-head">
        <h2 id="newest" className="section-title">
          {texts.heading}
        </h2>
        <span className="grow" />
        <Link to="/threats">{texts.all}</Link>
      </div>
      <Asked query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="empty">{texts.none}</p>
          ) : (
            <ul className="newest">
              {data.map((threat) => (
                <li key={threat.id}>
                  <SeverityTag severity={severityOf(threat.severity)} />
                  <Link to="/threats/$id" params={{ id: threat.id }} className="mono">
                    {nameOf(threat)}
                  </Link>
                  <StatusTag status={threat.status} />
                  <span className="field-hint">
                    <Moment at={threat.created_at} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
    </section>
  );
}

function Statuses({ summary: { by_status: counts } }: { summary: Summary }) {
  const { formats } = useSpeech();
  const texts = useTexts(dashboardTexts);
  const words = useTexts(threatWords);
  return (
    <section className="panel stack dashboard-wide" aria-labelledby="by-status">
      <h2 id="by-status" className="section-title">
        {texts.statuses}
      </h2>
      <ul className="statuses">
        {STATUSES.map((status) => (
          <li key={status}>
            <StatusTag status={status} />
            <Link to="/threats" search={{ status }} aria-label={`${words.statuses[status]}: ${counts[status]}`}>
              {formats.number(counts[status])}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
