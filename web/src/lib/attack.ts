/** Techniques of MITRE ATT&CK by tactic, in the order of its matrix. */

import type { Shapes } from "../api/server";
import { splitOnce } from "./defang";

export type Technique = Shapes["TechniqueReply"];

/** The order of ATT&CK's matrix; version 19 tells two tactics where earlier ones told of defense evasion. */
const TACTICS = [
  "reconnaissance",
  "resource-development",
  "initial-access",
  "execution",
  "persistence",
  "privilege-escalation",
  "defense-evasion",
  "stealth",
  "defense-impairment",
  "credential-access",
  "discovery",
  "lateral-movement",
  "collection",
  "command-and-control",
  "exfiltration",
  "impact",
] as const;
type Tactic = (typeof TACTICS)[number];

export interface MatrixColumn {
  tactic: Tactic | null;
  techniques: readonly Technique[];
}

/** Only tactics with a technique; what has no tactic that we know stands last. */
export function columnsOf(techniques: readonly Technique[]): MatrixColumn[] {
  const sorted = [...techniques].sort((one, other) => one.technique_id.localeCompare(other.technique_id, "en"));
  const known = (short: string | null) => TACTICS.find((tactic) => tactic === short) ?? null;
  return [...TACTICS, null].flatMap((tactic) => {
    const under = sorted.filter((one) => known(one.tactic) === tactic);
    return under.length === 0 ? [] : [{ tactic, techniques: under }];
  });
}

export function isSubTechnique(techniqueId: string): boolean {
  return splitOnce(techniqueId, ".")[1] !== null;
}

/** The page of ATT&CK on a technique. */
export function pageOf(techniqueId: string): string {
  return `https://attack.mitre.org/techniques/${techniqueId.replace(".", "/")}/`;
}
