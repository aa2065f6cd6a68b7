/** Reading JSON of which nothing is known yet: what is not of the wanted kind is as if it were not there. */

export type Fields = Record<string, unknown>;

export function fieldsOf(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function objects(value: unknown): Fields[] {
  return list(value)
    .map(fieldsOf)
    .filter((item) => item !== null);
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
