/** Matches as a table for spreadsheets (RFC 4180). */

import { csvText } from "../../lib/csv";
import type { Match } from "./batch";

const COLUMNS = ["line", "at", "level", "rule", "rule_id", "author", "mitre_attack", "host", "user", "count"] as const;

export function csvOf(matches: readonly Match[]): string {
  const rows = matches.map(({ line, at, rule, host, user, burst }) => [
    String(line),
    at ?? "",
    rule.level,
    rule.title,
    rule.rule_id,
    rule.author,
    rule.mitre_attack.join(" "),
    host ?? "",
    user ?? "",
    burst === null ? "" : String(burst.count),
  ]);
  return csvText(COLUMNS, rows);
}
