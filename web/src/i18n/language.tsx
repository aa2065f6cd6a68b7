/** Which language the console speaks, and numbers, ages and dates in it. */

import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { I18nProvider } from "react-aria-components";
import { readItem, writeItem } from "../lib/storage";
import { en, type Texts } from "./en";
import { es } from "./es";

export const LANGUAGES = ["es", "en"] as const;
export type Language = (typeof LANGUAGES)[number];
const ITEM = "cybervault:language";
const LOCALE: Record<Language, string> = { es: "es-ES", en: "en-US" };
const TEXTS: Record<Language, Texts> = { es, en };

/** The stored choice, else the first of the browser's languages that we speak, else English. */
export function firstLanguage(): Language {
  const wanted = [readItem(ITEM) ?? "", ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.flatMap((tag) => LANGUAGES.find((language) => language === tag) ?? [])[0] ?? "en";
}

export interface Formats {
  number: (value: number, digits?: number) => string;
  /** With its sign, minus as minus: +1.50, −0.25; nothing before zero. */
  points: (value: number) => string;
  /** A share of 0 to 1 in per cent. */
  percent: (share: number) => string;
  /** A number of bytes in a unit that keeps it short. */
  bytes: (count: number) => string;
  /** A number of seconds in its largest whole unit. */
  duration: (seconds: number) => string;
  ago: (at: number, now: number) => string;
  /** How long from now, where `ago` looks back. */
  inTime: (at: number, now: number) => string;
  date: (iso: string) => string;
  /** Day and time to the second, with the zone of the reader. */
  moment: (iso: string) => string;
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

const BYTE_UNITS = [
  [1e9, "gigabyte"],
  [1e6, "megabyte"],
  [1e3, "kilobyte"],
] as const;

function largestUnit(seconds: number): [number, "day" | "hour" | "minute" | "second"] {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? (["second", 1] as const);
  return [Math.floor(seconds / size), unit];
}

export function formatsOf(language: Language): Formats {
  const locale = LOCALE[language];
  // Each is made when it is first asked for: none is cheap, and the first page needs hardly one.
  const signed = once(() => {
    const options = { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" } as const;
    return new Intl.NumberFormat(locale, options);
  });
  const percent = once(() => new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 }));
  const relative = once(() => new Intl.RelativeTimeFormat(locale, { numeric: "auto" }));
  const day = once(() => new Intl.DateTimeFormat(locale, { dateStyle: "medium" }));
  const moment = once(() => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long" }));
  const written = (format: () => Intl.DateTimeFormat) => (iso: string) =>
    Number.isNaN(Date.parse(iso)) ? iso : format().format(new Date(iso));
  return {
    number: (value, digits = 0) =>
      new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value),
    points: (value) => signed().format(value).replace("-", "\u2212"),
    percent: (share) => percent().format(share),
    bytes: (count) => {
      const [size, unit] = BYTE_UNITS.find(([one]) => count >= one) ?? ([1, "byte"] as const);
      const options = { style: "unit", unit, unitDisplay: "short", maximumSignificantDigits: 3 } as const;
      return new Intl.NumberFormat(locale, options).format(count / size);
    },
    duration: (seconds) => {
      const [count, unit] = largestUnit(seconds);
      return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(count);
    },
    ago: (at, now) => {
      const [count, unit] = largestUnit(Math.max(0, (now - at) / 1000));
      return relative().format(-count, unit);
    },
    inTime: (at, now) => {
      const [count, unit] = largestUnit(Math.max(0, (at - now) / 1000));
      return relative().format(count, unit);
    },
    date: written(day),
    moment: written(moment),
  };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

interface Speech {
  language: Language;
  setLanguage: (language: Language) => void;
  texts: Texts;
  formats: Formats;
}

const SpeechContext = createContext<Speech | null>(null);

export function LanguageProvider({ children, onChange }: { children: ReactNode; onChange?: () => void }) {
  const [language, setLanguage] = useState(firstLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const speech = useMemo<Speech>(
    () => ({
      language,
      setLanguage: (chosen) => {
        writeItem(ITEM, chosen);
        setLanguage(chosen);
        onChange?.();
      },
      texts: TEXTS[language],
      formats: formatsOf(language),
    }),
    [language, onChange],
  );
  return (
    <SpeechContext value={speech}>
      <I18nProvider locale={LOCALE[language]}>{children}</I18nProvider>
    </SpeechContext>
  );
}

export function useSpeech(): Speech {
  const speech = useContext(SpeechContext);
  if (speech === null) throw new Error("useSpeech outside LanguageProvider");
  return speech;
}
