/** Guessing while somebody types what kind of observable the text is. A hint only: the server decides. */

import { refang, splitOnce } from "./defang";

export const KINDS = [
  "ipv4",
  "ipv6",
  "domain",
  "url",
  "md5",
  "sha1",
  "sha256",
  "sha512",
  "cve",
  "cidr",
  "asn",
  "email",
] as const;
export type Kind = (typeof KINDS)[number];

export interface Detected {
  kind: Kind;
  /** The text without its defanging. */
  value: string;
}

const HASH_OF_LENGTH: Record<number, Kind> = { 32: "md5", 40: "sha1", 64: "sha256", 128: "sha512" };
const TEXT_CHARACTERS_MAX = 2048;

export function detect(typed: string): Detected | null {
  if (typed.length > TEXT_CHARACTERS_MAX) return null;
  const value = refang(typed);
  const kind = READERS.map((read) => read(value)).find((found) => found !== null) ?? null;
  return kind === null ? null : { kind, value };
}

type Reader = (text: string) => Kind | null;

const READERS: readonly Reader[] = [
  readAddress,
  readNetwork,
  readHash,
  (text) => (/^CVE-\d{4}-\d{4,19}$/i.test(text) ? "cve" : null),
  readAutonomousSystem,
  readUrl,
  readEmail,
  (text) => (isDomain(text) ? "domain" : null),
];

function readAddress(text: string): Kind | null {
  const plain = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  if (isIpv4(plain)) return "ipv4";
  if (!isIpv6(plain)) return null;
  return /^(?:0*:)*:?ffff:\d+\.\d+\.\d+\.\d+$/i.test(plain) ? "ipv4" : "ipv6";
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(text: string): boolean {
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(":")) return false;
  return URL.canParse(`http://[${text}]/`); // the browser's own parser knows the short forms
}

function readNetwork(text: string): Kind | null {
  const [network, length] = splitOnce(text, "/");
  if (length === null || !/^\d{1,3}$/.test(length)) return null;
  if (isIpv4(network)) return Number(length) <= 32 ? "cidr" : null;
  return isIpv6(network) && Number(length) <= 128 ? "cidr" : null;
}

function readHash(text: string): Kind | null {
  return /^[0-9a-f]+$/i.test(text) ? (HASH_OF_LENGTH[text.length] ?? null) : null;
}

function readAutonomousSystem(text: string): Kind | null {
  const found = /^ASN?\s?(\d{1,10})$/i.exec(text);
  return found !== null && Number(found[1]) < 2 ** 32 ? "asn" : null;
}

function readUrl(text: string): Kind | null {
  const found = /^(?:https?|ftp):\/\/([^/?#\\\s]+)\S*$/i.exec(text);
  if (found === null || !URL.canParse(text)) return null;
  return new URL(text).hostname === "" ? null : "url";
}

function readEmail(text: string): Kind | null {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, Math.max(at, 0));
  return /^[^\s@"(),:;<>[\\\]]{1,64}$/.test(local) && isDomain(text.slice(at + 1)) ? "email" : null;
}

function isDomain(text: string): boolean {
  const ascii = asciiName(text.replace(/\.$/, ""));
  if (ascii === null || ascii.length > 253) return false;
  const labels = ascii.split(".");
  const top = labels.at(-1) ?? "";
  const isTop = /^[a-z]{2,}$/.test(top) || /^xn--/.test(top);
  return labels.length > 1 && isTop && labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
}

function asciiName(text: string): string | null {
  if (/^[\x21-\x7e]*$/.test(text)) return text.toLowerCase();
  const url = `http://${text}/`;
  return /[\s/?#@:\\]/.test(text) || !URL.canParse(url) ? null : new URL(url).hostname;
}
