import { expect, test } from "vitest";
import { applyDensity, storedDensity } from "../lib/density";

test("the chosen density is kept and stands on the page", () => {
  applyDensity("compact");
  expect([storedDensity(), document.documentElement.dataset.density]).toEqual(["compact", "compact"]);
  applyDensity("comfortable");
  expect([storedDensity(), document.documentElement.dataset.density]).toEqual(["comfortable", undefined]);
});
