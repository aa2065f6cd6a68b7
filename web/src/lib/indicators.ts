/** Many indicators in one text: what each line holds, what is there twice, and what cannot be read and why. */

import { type Detected, detect } from "./detect";

const INDICATORS_MAX = 1000;
const CHARACTERS_MAX = 2048;

export interface Wanted extends Detected {
  /** The same for two spellings of one indicator. */
  key: string;
  line: number;
}

type Why = "nothing" | "address" | "hash" | "url" | "long" | "many";

export interface Unread {
  line: number;
  text: string;
  why: Why;
}

export interface Paste {
  wanted: Wanted[];
  /** How many were there before. */
  merged: number;
  unread: Unread[];
}

export function readPaste(text: string): Paste {
  const wanted = new Map<string, Wanted>();
  const unread: Unread[] = [];
  let merged = 0;
  text.split(/\r?\n/).forEach((typed, at) => {
    const line = at + 1;
    const { found, odd } = readLine(typed.trim());
    for (const one of found) {
      const key = keyOf(one);
      if (wanted.has(key)) merged += 1;
      else if (wanted.size < INDICATORS_MAX) wanted.set(key, { ...one, key, line });
      else unread.push({ line, text: one.value, why: "many" });
    }
    for (const one of odd) unread.push({ line, ...one });
  });
  return { wanted: [...wanted.values()], merged, unread };
}

type Odd = Pick<Unread, "text" | "why">;

/** A line is one indicator, or several with marks or words between them; a number sign begins a comment. */
function readLine(line: string): { found: Detected[]; odd: Odd[] } {
  if (line === "" || line.startsWith("#")) return { found: [], odd: [] };
  const whole = detect(line);
  if (whole !== null) return { found: [whole], odd: [] };
  const pieces = line
    .split(/[\s,;|"'<>`]+/)
    .map((piece) => piece.replace(/^[({]+|[.:)}]+$/g, ""))
    .filter((piece) => piece !== "");
  const read = pieces.map((text) => ({ text, one: detect(text), why: whyNot(text) }));
  const found = read.flatMap(({ one }) => one ?? []);
  const odd = read.flatMap(({ text, one, why }) => (one === null && why !== "nothing" ? [{ text, why }] : []));
  // Words beside an indicator are notes; a line of words alone is told.
  return found.length + odd.length === 0 ? { found, odd: [{ text: line, why: whyNot(line) }] } : { found, odd };
}

/** What it looks like and is not. */
function whyNot(text: string): Why {
  if (text.length > CHARACTERS_MAX) return "long";
  if (/^\d+(?:\[?\.\]?\d+){3}$/.test(text)) return "address";
  if (/^[0-9a-f]{24,}$/i.test(text)) return "hash";
  return /^[a-z*]+:\/\//i.test(text) ? "url" : "nothing";
}

function keyOf({ kind, value }: Detected): string {
  if (kind !== "url") return `${kind} ${value.toLowerCase().replace(/\.$/, "")}`;
  return `${kind} ${URL.canParse(value) ? new URL(value).href : value}`;
}
