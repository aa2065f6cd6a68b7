import { describe, expect, test } from "vitest";
import { RECENT_MAX, type Recent, readRecent, withRecent, writeRecent } from "../lib/recent";
import { barPercent, roundToSum } from "../lib/score";
import { sentencesOf } from "../lib/sentences";
import { applyTheme, nextTheme, storedTheme } from "../lib/theme";
import { readAddress, showInAddress } from "../pages/analyze/address";
import { resolveModel } from "../pages/analyze/useModels";

describe("points that add up", () => {
  test("rounded values give the rounded total", () => {
    expect(roundToSum([0.333, 0.333, 0.334], 1)).toEqual([0.33, 0.33, 0.34]);
    expect(roundToSum([0.005, 0.005, 0.005, 0.005], 0.02)).toEqual([0, 0, 0.01, 0.01]);
  });

  test("for any terms the shown lines sum to the shown total", () => {
    let state = 11;
    const random = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647 - 0.5;
    };
    for (let round = 0; round < 500; round++) {
      const values = Array.from({ length: 1 + (round % 25) }, () => random() * 8);
      const total = values.reduce((sum, value) => sum + value, 0);
      const shown = roundToSum(values, total);
      expect(Math.round(shown.reduce((sum, value) => sum + value, 0) * 100)).toBe(Math.round(total * 100));
      const errors = shown.map((value, at) => Math.abs(value - (values[at] ?? 0)));
      expect(Math.max(...errors)).toBeLessThan(0.0151);
    }
  });

  test("values that never added up are left alone", () => {
    expect(roundToSum([1, 2], 9)).toEqual([1, 2]);
  });

  test("bars are shares of the longest", () => {
    expect([barPercent(-2, 4), barPercent(4, 4), barPercent(9, 4), barPercent(1, 0)]).toEqual([50, 100, 100, 0]);
  });
});

describe("sentences for the ear", () => {
  test("only finished sentences are given, and single words never", () => {
    const text = "**Veredicto:** Malicioso\n\n**Resumen:** Es 3.5 veces peor. Y sig";
    expect(sentencesOf(text, false)).toEqual(["Veredicto: Malicioso", "Resumen: Es 3.5 veces peor."]);
    expect(sentencesOf(text, true).at(-1)).toBe("Y sig");
  });

  test("a growing text only ever adds sentences", () => {
    const text = "# Uno\n- Dos. Tres [enlace](https://a.example/x.y) fin.\n`código` 1.5! <b>Fin</b>";
    let before: string[] = [];
    for (let length = 0; length <= text.length; length++) {
      const now = sentencesOf(text.slice(0, length), false);
      expect(now.slice(0, before.length)).toEqual(before);
      before = now;
    }
    expect(sentencesOf(text, true).join("|")).not.toMatch(/[*#`<>]|https/);
  });
});

describe("recent observables", () => {
  const item = (value: string): Recent => ({ value, kind: "domain", verdict: "benign", score: 3, at: 1 });

  test("the newest comes first, each once, and twenty at most", () => {
    let items: Recent[] = [];
    for (let at = 0; at < 30; at++) items = withRecent(items, item(`d${at}.example`));
    items = withRecent(items, item("d20.example"));
    expect(items).toHaveLength(RECENT_MAX);
    expect(items.slice(0, 2).map(({ value }) => value)).toEqual(["d20.example", "d29.example"]);
    writeRecent(items);
    expect(readRecent()).toEqual(items);
  });

  test.each(["{", "{}", '[{"value":1}]', '[null,"x"]', '[{"value":"a","kind":"moon","verdict":"benign","at":1}]'])(
    "what is broken is left out: %s",
    (text) => {
      localStorage.setItem("cybervault:recent", text);
      expect(readRecent()).toEqual([]);
    },
  );

  test("an emptied list leaves nothing behind", () => {
    writeRecent([item("a.example")]);
    writeRecent([]);
    expect(localStorage.getItem("cybervault:recent")).toBeNull();
  });
});

describe("the page's address", () => {
  test("it prefills, and runs only when it says so", () => {
    expect(readAddress("?ioc=example.com")).toEqual({ ioc: "example.com", model: null, runsAtOnce: false });
    expect(readAddress("?ioc=example.com&run=1&model=a%2Fb")).toMatchObject({ model: "a/b", runsAtOnce: true });
    expect(readAddress("?run=1").runsAtOnce).toBe(false);
  });

  test("what is shown never runs by itself", () => {
    showInAddress("a b&run=1");
    expect(readAddress(window.location.search)).toEqual({ ioc: "a b&run=1", model: null, runsAtOnce: false });
  });
});

describe("the chosen model", () => {
  const models = { defaultId: "d", needsKey: false, models: [{ id: "d", label: "D", provider: "" }] };

  test("one that was removed falls back to the default", () => {
    expect(resolveModel(models, "gone")).toBe("d");
    expect(resolveModel(models, "d")).toBe("d");
    expect(resolveModel(undefined, "gone")).toBe("gone");
    expect(resolveModel(null, null)).toBeNull();
  });
});

describe("the theme", () => {
  test("it goes round, is kept, and follows the system again", () => {
    expect(storedTheme()).toBe("system");
    applyTheme(nextTheme("system"));
    expect([storedTheme(), document.documentElement.dataset.theme]).toEqual(["light", "light"]);
    applyTheme(nextTheme("light"));
    expect(storedTheme()).toBe("dark");
    applyTheme(nextTheme("dark"));
    expect(localStorage.getItem("cybervault:theme")).toBeNull();
    expect(document.documentElement.dataset.theme).toBeUndefined();
  });
});
