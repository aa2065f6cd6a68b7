import { expect, test } from "vitest";
import { changesOf, type Wish } from "../pages/settings/keys/EditDialog";
import { isWithoutScope, scopesOf } from "../pages/settings/keys/ScopeFields";

const BEFORE: Wish = { name: "ci", scopes: ["scan:read", "threat:read"], ip_allow_list: ["192.0.2.0/24"] };

test("only what is other than before is sent", () => {
  expect(changesOf(BEFORE, { ...BEFORE, scopes: ["threat:read", "scan:read"] })).toEqual({});
  expect(changesOf(BEFORE, { ...BEFORE, name: "cd" })).toEqual({ name: "cd" });
  expect(changesOf(BEFORE, { ...BEFORE, scopes: [], ip_allow_list: [] })).toEqual({ scopes: [], ip_allow_list: [] });
});

test("to choose nothing is not to give everything", () => {
  const none = { breadth: "chosen", chosen: new Set<string>() } as const;
  expect([isWithoutScope("personal", none), isWithoutScope("service_live", none)]).toEqual([true, false]);
  expect(isWithoutScope("personal_test", { ...none, breadth: "all" })).toBe(false);
  expect(scopesOf({ breadth: "all", chosen: new Set(["threat:read"]) })).toEqual([]);
  expect(scopesOf({ breadth: "chosen", chosen: new Set(["threat:read", "scan:read"]) })).toEqual([
    "scan:read",
    "threat:read",
  ]);
});
