/** The page's address: it names the indicator, but opening it spends nobody's quota unless it says run=1. */

export interface Wanted {
  ioc: string;
  model: string | null;
  runsAtOnce: boolean;
}

export function readAddress(search: string): Wanted {
  const query = new URLSearchParams(search);
  const ioc = (query.get("ioc") ?? "").trim();
  return { ioc, model: query.get("model") || null, runsAtOnce: ioc !== "" && query.get("run") === "1" };
}

/** Never holds run=1, so that a reload or a shared address does not start anything. */
export function showInAddress(ioc: string): void {
  const search = `?${new URLSearchParams({ ioc })}`;
  if (search === window.location.search) return;
  const isSameIoc = readAddress(window.location.search).ioc === ioc;
  window.history[isSameIoc ? "replaceState" : "pushState"](null, "", window.location.pathname + search);
}
