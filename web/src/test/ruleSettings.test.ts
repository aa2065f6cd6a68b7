import { describe, expect, test } from "vitest";
import { levelsAbove, questionOf, type Rule, sourceOf } from "../pages/settings/rules/rules";

describe("what the address asks of rules", () => {
  test("is what is known of it, and no empty words", () => {
    expect(questionOf({ q: "  mimikatz lsass ", level: "high", standing: "disabled", technique: " T1003 " })).toEqual({
      search: "mimikatz lsass",
      level: "high",
      standing: "disabled",
      technique: "T1003",
    });
    expect(questionOf({ q: " ", level: "loud", standing: "odd", rule: "x", view: "filters" })).toEqual({});
  });
});

test("a workspace chooses no level below that of the server", () => {
  expect(levelsAbove("medium")).toEqual(["medium", "high", "critical"]);
  expect(levelsAbove("informational")).toEqual(["informational", "low", "medium", "high", "critical"]);
});

test("a log source is said by what is known of it", () => {
  const rule = { product: "windows", category: "process_creation", service: "" } as Rule;
  expect(sourceOf(rule)).toBe("windows · process_creation");
});
