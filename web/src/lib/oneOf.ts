/** A text that came from outside, as the address, where it is one of those that are known. */

export function oneOf<T extends string>(text: string | undefined, known: readonly T[]): T | undefined {
  return known.find((one) => one === text);
}

/** The words of a list in the address; a list of none is no condition. */
export function wordsIn(text: string | undefined): string[] {
  return (text ?? "").split(",").filter((word) => word !== "");
}

/** Those words that are known: an old or mistyped link narrows nothing by them. */
export function knownIn<T extends string>(text: string | undefined, known: readonly T[]): T[] {
  return known.filter((word) => wordsIn(text).includes(word));
}
