/** How much room rows take. src/early.js applies the stored choice before the first paint. */

import { readItem, writeItem } from "./storage";

export const DENSITIES = ["comfortable", "compact"] as const;
export type Density = (typeof DENSITIES)[number];
const ITEM = "cybervault:density";

export function storedDensity(): Density {
  return readItem(ITEM) === "compact" ? "compact" : "comfortable";
}

export function applyDensity(density: Density): void {
  writeItem(ITEM, density === "compact" ? density : null);
  if (density === "compact") document.documentElement.dataset.density = density;
  else delete document.documentElement.dataset.density;
}
