/** A label's name as people write it: sources join its words by underscores. */
export function labelName(name: string): string {
  return name.replaceAll("_", " ");
}
