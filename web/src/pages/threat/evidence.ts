/** What speaks for a threat, sorted for the page: each piece once, the stations of its life. */

import type { Shapes } from "../../api/server";
import type { Status } from "../threats/search";

export type Assessment = Shapes["AssessmentReply"];
type Step = Shapes["StepReply"];

export interface Piece {
  id: string;
  points: number;
  techniques: readonly string[];
  /** What the reason says; of a rule its title. */
  text: string;
  rule: Assessment["detections"][number] | null;
}

/** Each piece of evidence once, a rule with the points that its reason got; what counted most comes first. */
export function piecesIn({ reasons, detections }: Assessment): Piece[] {
  const ruleOf = new Map(detections.map((rule) => [`rule_${rule.rule_id}`, rule]));
  const pointsOf = new Map(reasons.map(({ name, points }) => [name, points]));
  const own = reasons.filter(({ name }) => !ruleOf.has(name));
  const pieces = [
    ...own.map(({ name, points, reason, technique_id: technique }) => ({
      id: `${name} ${reason}`,
      points,
      techniques: technique === null ? [] : [technique],
      text: reason,
      rule: null,
    })),
    ...[...ruleOf].map(([id, rule]) => ({
      id,
      points: pointsOf.get(id) ?? 0,
      techniques: rule.mitre_attack,
      text: rule.title,
      rule,
    })),
  ];
  return pieces.sort((one, other) => Math.abs(other.points) - Math.abs(one.points));
}

/** How many pieces of evidence name a technique. */
export function countOf(techniqueId: string, assessment: Assessment | null): number {
  if (assessment === null) return 0;
  return piecesIn(assessment).filter(({ techniques }) => techniques.includes(techniqueId)).length;
}

export interface Station {
  status: Status;
  state: "passed" | "current" | "ahead";
  /** When it last came there. */
  at: string | null;
}

const USUAL_LIFE: readonly Status[] = ["new", "acknowledged", "investigating", "mitigated", "closed"];
const OTHER_ENDS: ReadonlySet<Status> = new Set(["false_positive", "ignored"]);

/** The stations of a life: the usual ones, or the way to the other end that it took. */
export function stationsOf(status: Status, steps: readonly Step[]): Station[] {
  const path = OTHER_ENDS.has(status) ? [...USUAL_LIFE.slice(0, 3), status] : USUAL_LIFE;
  return path.map((one) => {
    const at = steps.findLast((step) => step.new_status === one)?.at ?? null;
    if (one === status) return { status: one, state: "current", at };
    return { status: one, state: at !== null && isBefore(one, status, path) ? "passed" : "ahead", at };
  });
}

function isBefore(one: Status, other: Status, path: readonly Status[]): boolean {
  return path.indexOf(one) < path.indexOf(other);
}
