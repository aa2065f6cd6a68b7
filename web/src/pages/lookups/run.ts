/** Looks up many indicators, some by each call; goes on while other pages are open, and where it was after a stop. */

import { useSyncExternalStore } from "react";
import { answerOf, Refusal, type Shapes, server } from "../../api/server";
import type { Kind } from "../../lib/detect";
import type { Unread, Wanted } from "../../lib/indicators";
import { LOOKUP_ITEM, readJson, writeItem } from "../../lib/storage";

export type Depth = "quick" | "deep";
type Answer = Pick<
  Shapes["AssessmentReply"],
  | "assessment_id"
  | "verdict"
  | "risk_score"
  | "severity"
  | "confidence"
  | "family"
  | "summary"
  | "missing"
  | "target"
  | "created_at"
> & { sources: string[] };

export interface Row {
  key: string;
  kind: Kind;
  value: string;
  line: number;
  answer: Answer | null;
  /** Why the server did not read it. */
  fault: string | null;
}

export interface Progress {
  is: "idle" | "running" | "waiting" | "stopped" | "ended";
  depth: Depth;
  rows: readonly Row[];
  unread: readonly Unread[];
  /** When it goes on, in milliseconds since 1970, while the limit of calls is used up. */
  until: number;
  fault: unknown;
}

const IDLE: Progress = { is: "idle", depth: "quick", rows: [], unread: [], until: 0, fault: null };
// So many by one call: what is known here is there at once, sources take their time, and progress is to be seen.
const SIZE: Record<Depth, number> = { quick: 20, deep: 4 };
const USUAL_WAIT_SECONDS = 15;

export function isOpen({ answer, fault }: Row): boolean {
  return answer === null && fault === null;
}

export interface Question {
  observables: string[];
  depth: Depth;
}

type Send = (asked: Question, signal: AbortSignal) => Promise<Shapes["LookUpReply"]>;

export class LookupRun {
  private progress = IDLE;
  private owner = "";
  private leash: AbortController | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly send: Send) {}

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly current = () => this.progress;

  /** What this member left behind in this tab; what another one did is forgotten. */
  open(owner: string): void {
    if (owner === this.owner) return;
    this.leash?.abort();
    this.owner = owner;
    const kept = readJson(LOOKUP_ITEM, "session") as { owner?: string; progress?: Progress } | undefined;
    const isOurs = kept?.owner === owner && Array.isArray(kept.progress?.rows);
    this.progress = isOurs ? { ...IDLE, ...kept?.progress } : IDLE;
    const isIdle = this.progress.is === "idle";
    this.become(isIdle ? IDLE : { is: this.progress.rows.some(isOpen) ? "stopped" : "ended" });
  }

  start(wanted: readonly Wanted[], unread: readonly Unread[], depth: Depth): void {
    const rows = wanted.map(({ key, kind, value, line }) => ({ key, kind, value, line, answer: null, fault: null }));
    this.become({ ...IDLE, depth, rows, unread });
    this.resume();
  }

  resume(): void {
    this.leash?.abort();
    this.leash = new AbortController();
    void this.work(this.leash.signal);
  }

  stop(): void {
    this.leash?.abort();
    if (this.progress.is === "running" || this.progress.is === "waiting") this.become({ is: "stopped" });
  }

  clear(): void {
    this.leash?.abort();
    this.become(IDLE);
  }

  private become(change: Partial<Progress>): void {
    this.progress = { ...this.progress, ...change };
    const text = this.progress.is === "idle" ? null : JSON.stringify({ owner: this.owner, progress: this.progress });
    writeItem(LOOKUP_ITEM, text, "session");
    for (const listener of this.listeners) listener();
  }

  private async work(signal: AbortSignal): Promise<void> {
    try {
      for (let open = this.open_(); open.length > 0; open = this.open_()) {
        this.become({ is: "running", fault: null });
        const seconds = await this.ask(open.slice(0, SIZE[this.progress.depth]), signal);
        if (seconds > 0) {
          this.become({ is: "waiting", until: Date.now() + seconds * 1000 });
          await pause(seconds * 1000, signal);
        }
      }
      this.become({ is: "ended" });
    } catch (fault) {
      if (fault instanceof Refusal && fault.status === 401) this.clear();
      else if (!signal.aborted) this.become({ is: "stopped", fault });
    }
  }

  private open_(): readonly Row[] {
    return this.progress.rows.filter(isOpen);
  }

  /** How many seconds to wait before the next call; what the limit refused stays open. */
  private async ask(rows: readonly Row[], signal: AbortSignal): Promise<number> {
    const body = { observables: rows.map(({ value }) => value), depth: this.progress.depth };
    try {
      const { data } = await this.send(body, signal);
      signal.throwIfAborted();
      const came = new Map(rows.map(({ key }, at) => [key, data[at]]));
      this.become({ rows: this.progress.rows.map((row) => after(row, came.get(row.key))) });
      return Math.max(0, ...data.map(({ error }) => (isLater(error) ? (error?.retry_after_seconds ?? 0) : 0)));
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 429) throw error;
      return error.retryAfterSeconds ?? USUAL_WAIT_SECONDS;
    }
  }
}

type LookedUp = Shapes["LookedUp"];

function isLater(error: LookedUp["error"]): boolean {
  return error?.code === "rate_limit_exceeded";
}

function after(row: Row, came: LookedUp | undefined): Row {
  if (came === undefined || isLater(came.error)) return row;
  if (came.assessment === null) return { ...row, fault: came.error?.message ?? "" };
  const { assessment_id, verdict, risk_score, severity, confidence, family, summary, missing, target, created_at } =
    came.assessment;
  const sources = came.assessment.indicators.flatMap(({ evidence }) => evidence.map(({ source }) => source));
  return {
    ...row,
    answer: {
      assessment_id,
      verdict,
      risk_score,
      severity,
      confidence,
      family,
      summary,
      missing,
      target,
      created_at,
      sources: [...new Set(sources)],
    },
  };
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      window.clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}

export const lookupRun = new LookupRun((body, signal) =>
  answerOf(server.POST("/v3/observables/lookup", { body, signal })),
);

export function useLookupRun(): Progress {
  return useSyncExternalStore(lookupRun.subscribe, lookupRun.current);
}
