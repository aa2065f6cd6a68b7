/** What a threat is called, and its severity in the console's words. */

import type { Shapes } from "../../api/server";
import type { Severity, Tone } from "../../kit/Tags";
import { defang, splitOnce } from "../../lib/defang";
import { DETECTION, withoutRuleId } from "../../lib/detections";
import type { Status } from "./search";

export type Threat = Shapes["ThreatReply"];

/** The API says `info`. */
export function severityOf(spelled: Threat["severity"]): Severity {
  return spelled === "info" ? "informational" : spelled;
}

/** An indicator as threats name it, as "hash:md5:..." or "ip:...", without its kind. */
export function valueOfIndicator(indicator: string): string {
  return indicator.replace(/^(?:hash:[^:]+|[a-z0-9_-]+):/, "");
}

export function kindOfIndicator(indicator: string): string {
  const [kind, rest] = splitOnce(indicator, ":");
  return kind === "hash" ? (splitOnce(rest ?? "", ":")[0] ?? kind) : kind;
}

/** A hash, which stands for a whole record, or the target as it is. */
export function isTelemetry({ kind }: Threat): boolean {
  return kind === "endpoint_telemetry" || kind === "network_traffic";
}

const SHORT_CHARACTERS = 12;

/** What people call it: the target, or of telemetry the first thing in it that is bad; harmless to copy. */
export function nameOf(threat: Threat): string {
  if (threat.kind === DETECTION) return withoutRuleId(threat.value);
  if (!isTelemetry(threat)) return defang(threat.value);
  const [first] = threat.indicators;
  return first === undefined ? `${threat.value.slice(0, SHORT_CHARACTERS)}…` : defang(valueOfIndicator(first));
}

const TONES: Record<Status, Tone> = {
  new: "warn",
  acknowledged: "busy",
  investigating: "busy",
  mitigated: "good",
  false_positive: "plain",
  closed: "good",
  ignored: "plain",
};

export function toneOf(status: Status): Tone {
  return TONES[status];
}
