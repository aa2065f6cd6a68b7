/** Cutting a growing Markdown text into finished sentences, so that a screen reader is not fed single words. */

const END = /[.!?:](?=\s|$)|\n+/g;

/** The sentences that are complete; with `isFinished` also the rest. Markdown signs are left out. */
export function sentencesOf(markdown: string, isFinished: boolean): string[] {
  const pieces: string[] = [];
  let start = 0;
  for (const found of markdown.matchAll(END)) {
    const end = found.index + found[0].length;
    if (end === markdown.length && !isFinished && !found[0].includes("\n")) break; // "3." may become "3.5"
    pieces.push(markdown.slice(start, end));
    start = end;
  }
  if (isFinished) pieces.push(markdown.slice(start));
  return pieces.map(plain).filter((piece) => /\p{L}|\p{N}/u.test(piece));
}

function plain(piece: string): string {
  return piece
    .replace(/<[^>]*>/g, "")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*_`#>|]+/g, "")
    .replace(/^\s*[-+]\s+/, "")
    .trim();
}
