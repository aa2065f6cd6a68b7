/** Targets as people type and paste them: read into a list, and what was probably meant by those that are none. */

import { refang, splitOnce } from "../../lib/defang";
import { detect } from "../../lib/detect";
import type { Grant } from "./search";

export type TargetKind = Grant["kind"];

/** Each once, in the order in which they were typed; defanged ones as they are meant. */
export function targetsIn(typed: string): string[] {
  const pieces = typed.split(/[\s,;]+/).filter((piece) => piece !== "");
  return [...new Set(pieces.map(refang))];
}

/** Which sort of target this looks like; the server decides. */
export function kindOf(target: string): TargetKind | null {
  if (target.startsWith("arn:")) return "cloud";
  if (target.startsWith("oci://")) return "image";
  const kind = detect(target)?.kind;
  if (kind === "ipv4" || kind === "ipv6" || kind === "cidr") return "network";
  return kind === "domain" ? "domain" : null;
}

/** What can be scanned of a text that cannot: the host of a URL, a network without the bits behind its prefix. */
export function meantBy(target: string): string | null {
  const host = /^(?:https?|ftp):\/\/([^/?#\\\s]+)/i.exec(target)?.[1] ?? withoutPort(target);
  if (host !== null) return hostIn(host);
  const [address, length] = splitOnce(target, "/");
  if (length === null || detect(target)?.kind !== "cidr" || address.includes(":")) return null;
  const network = networkOf(address, Number(length));
  return network === target ? null : network;
}

function withoutPort(target: string): string | null {
  return /^[a-z0-9.-]+:\d{1,5}$/i.test(target) ? target : null;
}

function hostIn(text: string): string | null {
  const host = text
    .replace(/^.*@/, "")
    .replace(/:\d{1,5}$/, "")
    .toLowerCase();
  const kind = detect(host)?.kind;
  return kind === "domain" || kind === "ipv4" ? host : null;
}

function networkOf(address: string, length: number): string {
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - length);
  const first = Math.floor(number / size) * size;
  const parts = [3, 2, 1, 0].map((place) => Math.floor(first / 256 ** place) % 256);
  return `${parts.join(".")}/${length}`;
}
