/** Following a scan to its end: a stream that is taken up again where it broke off. */

import { sentEvents } from "../../api/sse";
import type { Scan } from "../scans/search";

export interface Told {
  scan: Scan;
  /** What to come back with. */
  mark: string;
  isEnd: boolean;
}

/** What a stream of a scan tells, in order. Raises SyntaxError on data that is no JSON. */
async function* toldBy(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Told> {
  for await (const { id, name, data } of sentEvents(bytes)) {
    if (name !== "progress" && name !== "ended") continue;
    yield { scan: JSON.parse(data) as Scan, mark: id, isEnd: name === "ended" };
  }
}

export interface Line {
  /** One attempt: gives the pieces of the answer, and refuses where there is none. */
  open: (mark: string) => Promise<AsyncIterable<Uint8Array>>;
  wait: (milliseconds: number) => Promise<void>;
  onTold: (told: Told) => void;
  /** How many attempts in a row gave nothing; 0 when the line is good again. */
  onFailures: (count: number) => void;
  isOver: () => boolean;
}

const WAITS_MILLISECONDS = [1_000, 2_000, 4_000, 8_000, 15_000];

function waitAfter(failures: number): number {
  return WAITS_MILLISECONDS[Math.min(failures, WAITS_MILLISECONDS.length) - 1] ?? 0;
}

async function* noted(pieces: AsyncIterable<Uint8Array>, onPiece: () => void): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    onPiece();
    yield piece;
  }
}

/** Listens until the scan has ended or the page is left; comes back after each break with the last mark. */
export async function follow({ open, wait, onTold, onFailures, isOver }: Line): Promise<void> {
  let mark = "";
  let failures = 0;
  // An answer that is empty is no line: it is good again when the first bytes are there.
  const onPiece = () => {
    failures = 0;
    onFailures(failures);
  };
  while (!isOver()) {
    try {
      for await (const told of toldBy(noted(await open(mark), onPiece))) {
        mark = told.mark;
        if (isOver()) return;
        onTold(told);
        if (told.isEnd) return;
      }
    } catch {
      // What is wrong is said by the page's own question, which is asked anew meanwhile.
    }
    if (isOver()) return;
    failures += 1;
    onFailures(failures);
    await wait(waitAfter(failures));
  }
}
