/** What is known of keys without asking: their kinds, areas of scopes, and how they may be changed by whom. */

import type { Shapes } from "../../../api/server";
import type { Tone } from "../../../kit/Tags";
import { can, type Session } from "../../../session/session";

export type Key = Shapes["KeyReply"];
/** Carries the secret: never kept anywhere but in the state of the page that shows it. */
export type ShownKey = Shapes["ShownKeyReply"];
export type KeyKind = Key["kind"];
export type KeyState = Key["state"];
export type Tenant = Shapes["V3TenantReply"];

export const NAME_CHARACTERS_MAX = 64;

export const STATES = ["active", "rotating", "expired", "revoked"] as const satisfies readonly KeyState[];
export const STATE_TONE: Record<KeyState, Tone> = { active: "good", rotating: "busy", expired: "warn", revoked: "bad" };

export const PERSONAL_KINDS = ["personal", "personal_test"] as const satisfies readonly KeyKind[];
export const TENANT_KINDS = [
  "service_live",
  "service_read",
  "service_test",
  "classic_live",
  "classic_test",
] as const satisfies readonly KeyKind[];

/** By area, what can be read and what can be changed there. */
export const AREAS = [
  { id: "threat", reads: ["threat:read"], writes: ["threat:write"] },
  { id: "response", reads: ["response:read"], writes: ["response:write"] },
  { id: "incident", reads: ["incident:read"], writes: ["incident:write"] },
  { id: "scan", reads: ["scan:read"], writes: ["scan:write", "scan:upload"] },
  { id: "findings", reads: ["findings:read"], writes: ["findings:write"] },
  { id: "asset", reads: ["asset:read"], writes: ["asset:write"] },
  { id: "audit", reads: ["audit:read"], writes: [] },
  { id: "keys", reads: [], writes: ["keys:manage"] },
] as const;

export type Scope = (typeof AREAS)[number]["reads" | "writes"][number];

export const isReadOnly = (kind: KeyKind): boolean => kind === "service_read";
export const isOfAccount = (kind: KeyKind): boolean => kind.startsWith("service_");
export const isOfMember = (kind: KeyKind): boolean => kind.startsWith("personal");
export const isLiving = ({ state }: Key): boolean => state === "active" || state === "rotating";

/** Owners and Admins see and change all keys of the tenant; everybody else their own. */
export const managesKeys = (session: Session | null | undefined): boolean => can(session, "keys:manage");

export function isSomebodyElses(key: Key, session: Session | null | undefined): boolean {
  return key.owner !== null && key.owner.id !== session?.member.id;
}

const MINUTE = 60_000;

/** Whole hours and minutes until a moment, by a clock that is `ahead` of ours; null when it has passed. */
export function timeUntil(at: string, now: number, ahead: number): { hours: number; minutes: number } | null {
  const minutes = Math.ceil((Date.parse(at) - now - ahead) / MINUTE);
  return minutes <= 0 ? null : { hours: Math.floor(minutes / 60), minutes: minutes % 60 };
}

/** Networks as people list them: separated by lines, blanks, commas or semicolons. */
export function networksIn(text: string): string[] {
  return text.split(/[\s,;]+/).filter((part) => part !== "");
}

export const EXPIRIES = ["30", "90", "180", "365", "custom", "none"] as const;
export type Expiry = (typeof EXPIRIES)[number];

/** As the server takes it: so many days from its own now, a chosen day, or never. */
export function expiryOf(choice: Expiry, day: string, serverNow: number): string | null {
  if (choice === "none") return null;
  if (choice === "custom") return day;
  return new Date(serverNow + Number(choice) * 86_400_000).toISOString();
}
