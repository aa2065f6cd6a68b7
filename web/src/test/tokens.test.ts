import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const css = readFileSync("src/kit/css/tokens.css", "utf8");
const tokens = new Map<string, [string, string]>();
for (const found of css.matchAll(/--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)) {
  tokens.set(found[1] ?? "", [found[2] ?? "", found[3] ?? ""]);
}

function channels(hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

/** The relative luminance of WCAG 2.2. */
function luminance(rgb: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: readonly number[], other: readonly number[]): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function mixed(tone: readonly number[], ground: readonly number[], share: number): number[] {
  return tone.map((value, at) => value * share + (ground[at] ?? 0) * (1 - share));
}

const THEMES = [
  [0, "light"],
  [1, "dark"],
] as const;
const GROUNDS = ["bg", "surface", "sunken", "page", "panel"];
const TEXTS = ["fg", "muted", "accent", "critical", "high", "medium", "low", "benign", "unknown"];

function token(name: string, theme: 0 | 1): number[] {
  const pair = tokens.get(name);
  if (pair === undefined) throw new Error(`no token ${name}`);
  return channels(pair[theme]);
}

describe.each(THEMES)("contrast (%i: %s)", (theme) => {
  test.each(TEXTS)("%s is readable as text on every ground", (name) => {
    for (const ground of GROUNDS) {
      expect(contrast(token(name, theme), token(ground, theme)), ground).toBeGreaterThanOrEqual(4.5);
    }
  });

  test("text on the accent colour is readable", () => {
    expect(contrast(token("on-accent", theme), token("accent", theme))).toBeGreaterThanOrEqual(4.5);
    const hovered = mixed(token("accent", theme), token("fg", theme), 0.88);
    expect(contrast(token("on-accent", theme), hovered)).toBeGreaterThanOrEqual(4.5);
  });

  test("tags and boxes stay readable on their own tint", () => {
    for (const name of ["muted", "accent", "critical", "high", "medium", "benign", "unknown"]) {
      for (const ground of ["page", "panel"]) {
        const tint = mixed(token(name, theme), token(ground, theme), 0.08);
        expect(contrast(token(name, theme), tint), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5);
        expect(contrast(token("muted", theme), tint), `muted on ${name}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  test.each(["control", "focus", "chart-1", "chart-2", "chart-3", "chart-4", "chart-5", "chart-6"])(
    "%s is visible as a line",
    (name) => {
      for (const ground of ["bg", "surface"]) {
        expect(contrast(token(name, theme), token(ground, theme)), ground).toBeGreaterThanOrEqual(3);
      }
    },
  );
});
