/** Texts that belong to one page stand beside it and arrive with it; both languages have the same shape. */

import { type Language, useSpeech } from "./language";

/** Wide where it may be: a text of one language is a text, not that very text. */
type Wide<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : { [Name in keyof T]: Wide<T[Name]> };

export type PageTexts<T> = Record<Language, T>;

/** Spanish must say all that English says, or the console does not compile. */
export function textsOf<const T>(en: T, es: Wide<T>): PageTexts<Wide<T>> {
  return { en: en as Wide<T>, es };
}

export function useTexts<T>(texts: PageTexts<T>): T {
  return texts[useSpeech().language];
}
