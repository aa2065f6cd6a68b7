/** Detections by what people call them. */

/** What a finding of a rule on telemetry is called by the server. */
export const DETECTION = "detection";

const RULE_ID = / \([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\)(?=,|$)/;

/** Without the id of the rule, which tells one finding from another and which nobody reads. */
export function withoutRuleId(name: string): string {
  return name.replace(RULE_ID, "");
}
