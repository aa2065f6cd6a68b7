/** Walking through the rows of a list by keys. */

/** The focus goes to the row before or behind the one that has it; from elsewhere to the first. */
export function stepRow(list: HTMLElement | null, selector: string, by: number): void {
  const rows = [...(list?.querySelectorAll<HTMLElement>(selector) ?? [])];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}
