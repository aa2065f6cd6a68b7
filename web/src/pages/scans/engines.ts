/** Engines by the words of the page; one that a newer server has keeps its own name. */

export function engineName(name: string, words: Readonly<Record<string, string>>): string {
  return words[name] ?? name;
}
