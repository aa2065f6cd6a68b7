/** Matches as a table for spreadsheets (RFC 4180). */

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
  return [COLUMNS, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** Quoted; what a spreadsheet would take for a formula is told to be a text. */
function cell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${plain.replaceAll('"', '""')}"`;
}
