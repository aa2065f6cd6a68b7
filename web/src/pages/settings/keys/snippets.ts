/** A first call with a new key, ready to be pasted: against this very server, never another. */

export const LANGUAGES = ["curl", "python"] as const;
export type SnippetLanguage = (typeof LANGUAGES)[number];

const PATH = "/v3/system/whoami";

/** Prefix and last characters, as the server hints at a secret. */
export function masked(secret: string, hint: string): string {
  const [prefix = "", end = ""] = hint.split("…");
  return `${prefix}${"•".repeat(Math.max(4, Math.min(12, secret.length - prefix.length - end.length)))}${end}`;
}

export function snippetOf(language: SnippetLanguage, baseUrl: string, secret: string): string {
  if (language === "curl") return `curl ${baseUrl}${PATH} \\\n  -H "Authorization: Bearer ${secret}"`;
  return [
    "import urllib.request",
    "",
    "request = urllib.request.Request(",
    `    "${baseUrl}${PATH}",`,
    `    headers={"Authorization": "Bearer ${secret}"},`,
    ")",
    "print(urllib.request.urlopen(request).read().decode())",
  ].join("\n");
}
