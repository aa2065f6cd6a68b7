import { expect, test } from "vitest";
import { byScarcity, type Quota, type Source, scarcest } from "../pages/settings/sources/sources";

const quota = (limit: number, remaining: number): Quota => ({ limit, remaining, seconds: 60, resets_at: "" });
const source = (name: string, ...quotas: Quota[]): Source => ({
  name,
  title: name,
  homepage: "",
  state: "ready",
  key: "none",
  has_key: false,
  quotas,
});

test("of several quotas the one with the smallest share left is told", () => {
  expect(scarcest(source("a", quota(4, 2), quota(500, 100)))?.limit).toBe(500);
  expect(scarcest(source("a"))).toBeUndefined();
});

test("who has the least left stands first, and who is not counted nowhere", () => {
  const told = byScarcity([source("much", quota(10, 9)), source("uncounted"), source("none", quota(4, 0))]);
  expect(told.map(({ source: { name } }) => name)).toEqual(["none", "much"]);
});
