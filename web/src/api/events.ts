/** What the server streams about one analysis: the values, and the only place where their JSON is read. */

import { defang } from "../lib/defang";
import { detect, KINDS, type Kind } from "../lib/detect";
import { type Fields, fieldsOf, list, objects, text } from "./fields";

export type SourceState = "pending" | "data" | "empty" | "skipped" | "failed";
export type Verdict = "malicious" | "suspicious" | "benign" | "unknown";
type Confidence = "low" | "medium" | "high";
export type Severity = "informational" | "low" | "medium" | "high" | "critical";
export type Stage = "ioc" | "ai" | "unknown";
export type ErrorType = "invalid_api_key" | "model_error" | "api_unavailable" | "not_found" | "unknown";

export interface MetaSource {
  name: string;
  title: string;
  homepage: string | null;
  key: "none" | "optional" | "required";
  state: SourceState;
}

export interface Meta {
  kind: Kind | null;
  value: string;
  defanged: string;
  /** The value as people write it, with the letters of its own script. */
  display: string;
  model: string;
  requestId: string | null;
  sources: MetaSource[];
  warnings: Warning[];
}

export interface EvidenceLine {
  item: string;
  bin: string;
  field: string;
  value: unknown;
  points: number | null;
  reason: string;
}

export interface SourceReport {
  name: string;
  title: string;
  outcome: string;
  state: SourceState;
  milliseconds: number | null;
  cachedSeconds: number | null;
  labels: [string, string][];
  evidence: EvidenceLine[];
  pivots: string[];
  warnings: string[];
  document: unknown;
}

export interface Term extends EvidenceLine {
  source: string;
  weight: number;
  freshness: number;
  share: number;
  points: number;
  observedAt: string | null;
}

export interface Priority {
  isKnownExploited: boolean | null;
  exploitProbability: number | null;
  cvss: number | null;
}

export interface Score {
  score: number | null;
  verdict: Verdict;
  confidence: Confidence;
  severity: Severity;
  low: number;
  high: number;
  /** 0 to 1. */
  coverage: number;
  /** 0 to 1. */
  conflict: number;
  prior: number;
  logOdds: number;
  summary: string;
  terms: Term[];
  isFinal: boolean;
  priority: Priority | null;
  counterfactuals: string[];
  weightsVersion: string;
}

export interface Warning {
  source: string;
  message: string;
  reason: string;
  outcome: string;
}

export interface Narrative {
  verdict: Verdict | null;
  confidence: Confidence | null;
}

export type StreamEvent =
  | { event: "meta"; meta: Meta }
  | { event: "source"; source: SourceReport }
  | { event: "score"; score: Score }
  | { event: "warning"; warning: Warning }
  | { event: "model"; model: string }
  | { event: "chunk"; content: string }
  | { event: "done"; narrative: Narrative | null; disagrees: boolean; milliseconds: number | null }
  | { event: "error"; error: string; stage: Stage; errorType: ErrorType };

const VERDICTS = ["malicious", "suspicious", "benign", "unknown"] as const;
const LEVELS = ["low", "medium", "high"] as const;
const SEVERITIES = ["informational", "low", "medium", "high", "critical"] as const;
const STATES = ["pending", "data", "empty", "skipped", "failed"] as const;
const STAGES = ["ioc", "ai", "unknown"] as const;
const ERROR_TYPES = ["invalid_api_key", "model_error", "api_unavailable", "not_found", "unknown"] as const;

/** Null for an event this page does not know. Raises SyntaxError when the data is no JSON object. */
export function readEvent(name: string, data: string): StreamEvent | null {
  const fields = fieldsOf(JSON.parse(data) as unknown);
  if (fields === null) throw new SyntaxError(`${name} carries no object`);
  switch (name) {
    case "meta":
      return { event: "meta", meta: readMeta(fields) };
    case "source":
      return { event: "source", source: readSource(fields) };
    case "score":
      return { event: "score", score: readScore(fields) };
    case "warning":
      return { event: "warning", warning: readWarning(fields) };
    case "model":
      return { event: "model", model: text(fields.model) };
    case "chunk":
      return { event: "chunk", content: text(fields.content) };
    case "done":
      return readDone(fields);
    case "error":
      return { event: "error", ...readProblem(fields) };
    default:
      return null;
  }
}

/** The error object of a stream and of a JSON answer alike. */
export function readProblem(value: unknown): { error: string; stage: Stage; errorType: ErrorType } {
  const fields = fieldsOf(value) ?? {};
  return {
    error: text(fields.error),
    stage: oneOf(STAGES, fields.stage, "unknown"),
    errorType: oneOf(ERROR_TYPES, fields.errorType, "unknown"),
  };
}

function readMeta(fields: Fields): Meta {
  const value = text(fields.value) || text(fields.ioc);
  return {
    kind: KINDS.find((kind) => kind === fields.kind) ?? detect(value)?.kind ?? null,
    value,
    defanged: text(fields.defanged) || defang(value),
    display: text(fields.display) || value,
    model: text(fields.model),
    requestId: optionalText(fields.request_id),
    sources: objects(fields.sources).map((source) => ({
      name: text(source.name),
      title: text(source.title) || text(source.name),
      homepage: optionalText(source.homepage),
      key: oneOf(["none", "optional", "required"] as const, source.key, "none"),
      state: oneOf(STATES, source.state, "pending"),
    })),
    warnings: objects(fields.warnings).map(readWarning),
  };
}

function readSource(fields: Fields): SourceReport {
  return {
    name: text(fields.name),
    title: text(fields.title) || text(fields.name),
    outcome: text(fields.outcome),
    state: oneOf(STATES, fields.state, "failed"),
    milliseconds: optionalNumber(fields.milliseconds),
    cachedSeconds: optionalNumber(fields.cached_seconds),
    labels: list(fields.labels).flatMap(readLabel),
    evidence: objects(fields.evidence).map(readEvidence),
    pivots: texts(fields.pivots),
    warnings: texts(fields.warnings),
    document: fields.document ?? null,
  };
}

function readLabel(value: unknown): [string, string][] {
  return Array.isArray(value) && value.length === 2 ? [[plain(value[0]), plain(value[1])]] : [];
}

function readEvidence(fields: Fields): EvidenceLine {
  return {
    item: text(fields.item),
    bin: text(fields.bin),
    field: text(fields.field),
    value: fields.value ?? null,
    points: optionalNumber(fields.points),
    reason: text(fields.reason),
  };
}

function readScore(fields: Fields): Score {
  return {
    score: optionalNumber(fields.score),
    verdict: oneOf(VERDICTS, fields.verdict, "unknown"),
    confidence: oneOf(LEVELS, fields.confidence, "low"),
    severity: oneOf(SEVERITIES, fields.severity, "informational"),
    low: number(fields.low, 0),
    high: number(fields.high, 100),
    coverage: number(fields.coverage, 0),
    conflict: number(fields.conflict, 0),
    prior: number(fields.prior, 0),
    logOdds: number(fields.log_odds, 0),
    summary: text(fields.summary),
    terms: objects(fields.terms).map(readTerm),
    isFinal: fields.final === true,
    priority: readPriority(fieldsOf(fields.priority)),
    counterfactuals: texts(fields.counterfactuals),
    weightsVersion: text(fields.weights_version),
  };
}

function readTerm(fields: Fields): Term {
  return {
    ...readEvidence(fields),
    source: text(fields.source),
    weight: number(fields.weight, 0),
    freshness: number(fields.freshness, 1),
    share: number(fields.share, 1),
    points: number(fields.points, 0),
    observedAt: optionalText(fields.observed_at),
  };
}

function readPriority(fields: Fields | null): Priority | null {
  if (fields === null) return null;
  return {
    isKnownExploited: typeof fields.is_known_exploited === "boolean" ? fields.is_known_exploited : null,
    exploitProbability: optionalNumber(fields.exploit_probability),
    cvss: optionalNumber(fields.cvss),
  };
}

function readWarning(fields: Fields): Warning {
  return {
    source: text(fields.source),
    message: text(fields.message),
    reason: text(fields.reason),
    outcome: text(fields.outcome),
  };
}

function readDone(fields: Fields): StreamEvent {
  const narrative = fieldsOf(fields.narrative);
  return {
    event: "done",
    narrative: narrative && {
      verdict: VERDICTS.find((verdict) => verdict === narrative.verdict) ?? null,
      confidence: LEVELS.find((level) => level === narrative.confidence) ?? null,
    },
    disagrees: fields.disagrees === true,
    milliseconds: optionalNumber(fields.milliseconds),
  };
}

function texts(value: unknown): string[] {
  return list(value).flatMap((item) => (typeof item === "string" ? item : []));
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : String(value ?? "");
}

function optionalText(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function number(value: unknown, otherwise: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

function optionalNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function oneOf<const T extends string>(all: readonly T[], value: unknown, otherwise: NoInfer<T>): T {
  return all.find((item) => item === value) ?? otherwise;
}
