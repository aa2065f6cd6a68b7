/** A text that came from outside, as the address, where it is one of those that are known. */

export function oneOf<T extends string>(text: string | undefined, known: readonly T[]): T | undefined {
  return known.find((one) => one === text);
}
