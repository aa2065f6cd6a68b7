/** Making indicators harmless for mail, chat and screens, and reading harmless ones back. */

const PLAIN_OF: Record<string, string> = {
  "[.]": ".",
  "(.)": ".",
  "{.}": ".",
  "[dot]": ".",
  "(dot)": ".",
  "{dot}": ".",
  "\\.": ".",
  "[:]": ":",
  "(:)": ":",
  "[://]": "://",
  "[at]": "@",
  "(at)": "@",
  "[@]": "@",
  "[/]": "/",
  " dot ": ".",
  " at ": "@",
  "\u3002": ".",
  "\uff0e": ".",
  "\uff61": ".",
};
const ANY_DEFANGED = new RegExp(
  Object.keys(PLAIN_OF)
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("|"),
  "gi",
);
const DEFANGED_SCHEME = /^(?:hxxp|h\*\*p|meow|fxp)(s?)(?=\[?:|\(:)/i;

export function refang(text: string): string {
  const plain = text.trim().replace(ANY_DEFANGED, (found) => PLAIN_OF[found.toLowerCase()] ?? found);
  const scheme = DEFANGED_SCHEME.exec(plain);
  if (scheme === null) return plain;
  const name = /^f/i.test(plain) ? "ftp" : "http";
  return name + (scheme[1] ?? "").toLowerCase() + plain.slice(scheme[0].length);
}

export function defang(text: string): string {
  const [scheme, rest] = splitOnce(text, "://");
  if (rest === null) return text.replaceAll(".", "[.]").replaceAll("@", "[at]");
  return `${scheme.replaceAll("t", "x").replaceAll("T", "X")}://${rest.replaceAll(".", "[.]")}`;
}

const URL_IN_TEXT = /\b(?:https?|ftp):\/\/[^\s<>"')\]]+/gi;

/** Defangs the addresses in a running text; everything else stays as it is. */
export function defangUrls(text: string): string {
  return text.replace(URL_IN_TEXT, (url) => {
    const end = /[.,;:!?]+$/.exec(url)?.[0] ?? "";
    return defang(url.slice(0, url.length - end.length)) + end;
  });
}

export function splitOnce(text: string, separator: string): [string, string | null] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + separator.length)];
}
