/** The state of one analysis as a pure function of what arrived; reads the rich stream and the plain one alike. */

import type { Meta, MetaSource, Narrative, Score, SourceReport, StreamEvent, Warning } from "../../api/events";
import type { Failure } from "../../api/failures";

type Phase = "idle" | "analyzing" | "streaming" | "done" | "error" | "stopped";

export interface SourceCard extends MetaSource {
  /** Null until the source has answered. */
  report: SourceReport | null;
}

export interface Analysis {
  /** Counts the analyses of this page's life; 0 before the first. */
  run: number;
  phase: Phase;
  /** When it began, in milliseconds of the page's own clock. */
  startedAt: number;
  /** What the user asked for, as typed. */
  asked: string;
  meta: Meta | null;
  /** Requested at first, then the one that was routed to. */
  model: string;
  sources: SourceCard[];
  score: Score | null;
  warnings: Warning[];
  text: string;
  narrative: Narrative | null;
  disagrees: boolean;
  milliseconds: number | null;
  failure: Failure | null;
}

export type Step =
  | { step: "start"; asked: string; at: number }
  | { step: "event"; event: StreamEvent; at: number }
  | { step: "fail"; failure: Failure }
  | { step: "stop" }
  | { step: "reset" };

export const IDLE: Analysis = {
  run: 0,
  phase: "idle",
  startedAt: 0,
  asked: "",
  meta: null,
  model: "",
  sources: [],
  score: null,
  warnings: [],
  text: "",
  narrative: null,
  disagrees: false,
  milliseconds: null,
  failure: null,
};

export function isBusy(analysis: Analysis): boolean {
  return analysis.phase === "analyzing" || analysis.phase === "streaming";
}

/** Steps that arrive after the end change nothing. */
export function reduce(analysis: Analysis, step: Step): Analysis {
  if (step.step === "start")
    return { ...IDLE, run: analysis.run + 1, phase: "analyzing", asked: step.asked, startedAt: step.at };
  if (step.step === "reset") return { ...IDLE, run: analysis.run };
  if (!isBusy(analysis)) return analysis;
  switch (step.step) {
    case "event":
      return afterEvent(analysis, step.event, step.at);
    case "fail":
      return { ...analysis, phase: "error", failure: step.failure };
    case "stop":
      return { ...analysis, phase: "stopped" };
  }
}

function afterEvent(analysis: Analysis, event: StreamEvent, at: number): Analysis {
  switch (event.event) {
    case "meta":
      return {
        ...analysis,
        meta: event.meta,
        model: event.meta.model,
        sources: event.meta.sources.map((source) => ({ ...source, report: null })),
        warnings: event.meta.warnings,
      };
    case "source":
      return { ...analysis, sources: withReport(analysis.sources, event.source) };
    case "score":
      return { ...analysis, score: event.score };
    case "warning":
      return { ...analysis, warnings: [...analysis.warnings, event.warning] };
    case "model":
      return { ...analysis, model: event.model || analysis.model };
    case "chunk":
      return { ...analysis, phase: "streaming", text: analysis.text + event.content };
    case "done":
      return {
        ...analysis,
        phase: "done",
        narrative: event.narrative,
        disagrees: event.disagrees,
        milliseconds: event.milliseconds ?? at - analysis.startedAt,
      };
    case "error":
      return {
        ...analysis,
        phase: "error",
        failure: { where: event.stage, errorType: event.errorType, serverText: event.error },
      };
  }
}

/** The card keeps its place; a source that was not announced goes to the end. */
function withReport(cards: readonly SourceCard[], report: SourceReport): SourceCard[] {
  const { name, title, state } = report;
  if (cards.some((card) => card.name === name)) {
    return cards.map((card) => (card.name === name ? { ...card, state, report } : card));
  }
  return [...cards, { name, title, homepage: null, key: "none", state, report }];
}

/** Once the score is final, only the model's text can still fail. */
export function isFailureOfModel({ failure, meta, score }: Analysis): boolean {
  if (failure === null || meta === null) return false;
  return failure.where === "ai" || score?.isFinal === true;
}

export interface Tally {
  asked: number;
  withData: number;
  empty: number;
  skipped: number;
  failed: number;
  pending: number;
}

export function tally(cards: readonly SourceCard[]): Tally {
  const count = (state: SourceCard["state"]) => cards.filter((card) => card.state === state).length;
  return {
    asked: cards.length,
    withData: count("data"),
    empty: count("empty"),
    skipped: count("skipped"),
    failed: count("failed"),
    pending: count("pending"),
  };
}

export interface WarningLines {
  badKey: Warning[];
  noData: Warning[];
}

/** The two lines of the warnings box; what concerns the model is said beside its text. */
export function warningLines(warnings: readonly Warning[]): WarningLines {
  const ofSources = warnings.filter((warning) => warning.source !== "AI");
  return {
    badKey: ofSources.filter((warning) => warning.reason === "invalid_api_key"),
    noData: ofSources.filter((warning) => warning.reason !== "invalid_api_key"),
  };
}

export function isModelMissing(warnings: readonly Warning[]): boolean {
  return warnings.some((warning) => warning.source === "AI" && warning.reason === "not_configured");
}
