/** How a scan stands: one sentence, how far it is, its phases and its facts; the same places while it runs and after. */

import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Announcement } from "../../kit/Live";
import { StateTag } from "../../kit/Tags";
import { Moment } from "../../kit/Times";
import { Who } from "../../session/Who";
import { ProgressLine, ScanState } from "../scans/Parts";
import { Duration } from "../scans/ScanGrid";
import { isOpen, isUploaded, type ScanDetail } from "../scans/search";
import { scanWords } from "../scans/words";
import { scanTexts } from "./texts";
import type { Connection } from "./useFollow";

export function Standing({ scan, connection }: { scan: ScanDetail; connection: Connection }) {
  const texts = useTexts(scanTexts).standing;
  const words = useTexts(scanWords);
  return (
    <section className="panel standing" aria-labelledby="standing">
      <h2 id="standing" className="visually-hidden">
        {texts.heading}
      </h2>
      <div className="standing-head">
        <ScanState status={scan.status} />
        <ProgressLine progress={scan.progress} label={words.progress} />
        {isOpen(scan) ? <Wire connection={connection} /> : null}
      </div>
      <p className="standing-words">
        <Sentence scan={scan} />
      </p>
      {isUploaded(scan) ? null : <Phases scan={scan} />}
      <Facts scan={scan} />
      <Spoken scan={scan} />
    </section>
  );
}

function Wire({ connection }: { connection: Connection }) {
  const texts = useTexts(scanTexts).standing;
  return connection === "live" ? (
    <span title={texts.liveHint}>
      <StateTag tone="good">{texts.live}</StateTag>
    </span>
  ) : (
    <StateTag tone="warn">{texts.asking}</StateTag>
  );
}

function Sentence({ scan }: { scan: ScanDetail }) {
  const texts = useTexts(scanTexts);
  const phases = texts.phases;
  switch (scan.status) {
    case "running": {
      const now = scan.phases.find(({ subjects }) => subjects.length > 0);
      if (now === undefined) return <>{texts.standing.preparing}</>;
      return <>{texts.standing.looking(phases[now.phase], now.subjects.join(", "))}</>;
    }
    case "completed":
      if (isUploaded(scan)) return <>{texts.standing.uploaded}</>;
      return <>{scan.findings_total === 0 ? texts.standing.completedClean : texts.standing.completed}</>;
    case "timed_out":
      return <>{texts.standing.timed_out(scan.max_duration)}</>;
    case "failed":
      return (
        <>
          {texts.standing.failed}{" "}
          {scan.error === null ? null : (
            <span lang="en" className="muted">
              {scan.error.message} <code>{scan.error.code}</code>
            </span>
          )}
        </>
      );
    default:
      return <>{texts.standing[scan.status]}</>;
  }
}

const PHASE_GLYPH = { done: "✓", now: "◌", ahead: "○", untested: "!" } as const;

/** Where a phase stands; what no engine is there for is never done. */
function stateOf({ phase, parts_done: done, parts_total: total }: ScanDetail["phases"][number]) {
  if (phase === "missing") return "untested";
  if (total === 0) return "ahead";
  return done === total ? "done" : "now";
}

function Phases({ scan }: { scan: ScanDetail }) {
  const texts = useTexts(scanTexts).phases;
  const isEnded = !isOpen(scan);
  return (
    <ol className="phases" aria-label={texts.heading}>
      {scan.phases.map((one) => {
        const { phase, parts_done: done, parts_total: total } = one;
        const state = stateOf(one);
        const counted = total > 0 ? texts.parts(done, total) : isEnded ? texts.nothing : texts.ahead;
        const word = state === "untested" ? texts.untested : counted;
        return (
          <li
            key={phase}
            data-state={state}
            {...(state === "now" && !isEnded ? { "aria-current": "step" as const } : {})}
          >
            <span aria-hidden className="phase-sign">
              {PHASE_GLYPH[state]}
            </span>
            <span>{texts[phase]}</span>
            <span className="field-hint">{word}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Facts({ scan }: { scan: ScanDetail }) {
  const texts = useTexts(scanTexts).standing;
  const words = useTexts(scanWords);
  const deadline = new Date(Date.parse(scan.created_at) + scan.max_duration * 60_000).toISOString();
  const facts = [
    [texts.profile, words.profiles[scan.profile]],
    scan.started_at === null
      ? [texts.asked, <Moment key="at" at={scan.created_at} />]
      : [texts.begun, <Moment key="at" at={scan.started_at} />],
    [texts.duration, <Duration key="duration" scan={scan} />],
    scan.finished_at === null
      ? [texts.deadline, <Moment key="at" at={deadline} />]
      : [texts.ended, <Moment key="at" at={scan.finished_at} />],
    [
      texts.by,
      scan.created_by.startsWith("schedule:") ? (
        <Link key="by" className="mono" to="/scans/schedules">
          {scan.created_by}
        </Link>
      ) : (
        <Who key="by" actor={scan.created_by} />
      ),
    ],
    [
      texts.targets,
      <span key="targets" className="mono">
        {scan.targets.join(", ")}
      </span>,
    ],
  ] as const;
  return (
    <dl className="facts">
      {facts.map(([name, value], place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the facts keep their places
        <div key={place}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const STEP = 0.25;

/** A reader is told each quarter of the way, and the end; not each of a hundred steps. */
function Spoken({ scan }: { scan: ScanDetail }) {
  const { formats } = useSpeech();
  const texts = useTexts(scanTexts).standing;
  const words = useTexts(scanWords);
  const [message, setMessage] = useState("");
  const quarter = Math.floor(scan.progress / STEP);
  const before = useRef({ status: scan.status, quarter });
  useEffect(() => {
    const { status, quarter: last } = before.current;
    before.current = { status: scan.status, quarter };
    if (status !== scan.status && !isOpen(scan)) {
      setMessage(texts.announceEnded(words.statuses[scan.status], scan.findings_total));
    } else if (quarter !== last) {
      setMessage(texts.announceRunning(formats.percent(scan.progress), scan.findings_total));
    }
  }, [scan, quarter, formats, texts, words]);
  return <Announcement message={message} />;
}
