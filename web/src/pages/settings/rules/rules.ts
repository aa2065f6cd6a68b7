/** What the page of rules works with, and what its address says. */

import type { Shapes } from "../../../api/server";
import type { Severity, Tone } from "../../../kit/Tags";
import { SEVERITIES } from "../../../kit/Tags";
import { oneOf } from "../../../lib/oneOf";

export type Rule = Shapes["RuleReply"];
export type Profile = Shapes["ProfileReply"];
export type RuleFilter = Shapes["FilterReply"];
export type Standing = Rule["standing"];

export const STANDINGS = ["in_force", "disabled", "below_own_level", "below_level", "hunting", "switched_off"] as const;
export const STANDING_TONE: Record<Standing, Tone> = {
  in_force: "good",
  disabled: "warn",
  below_own_level: "plain",
  below_level: "plain",
  hunting: "plain",
  switched_off: "plain",
};

/** Of the log sources that rules are written for, those that most ask about. */
export const PRODUCTS = ["windows", "linux", "macos", "aws", "azure", "gcp", "okta", "m365", "kubernetes"] as const;

export interface RuleSearch {
  view?: string | undefined;
  q?: string | undefined;
  level?: string | undefined;
  pack?: string | undefined;
  product?: string | undefined;
  technique?: string | undefined;
  standing?: string | undefined;
  /** The one that is open. */
  rule?: string | undefined;
}

export interface Question {
  search?: string;
  level?: Severity;
  pack?: string;
  product?: string;
  technique?: string;
  standing?: Standing;
}

/** What the address asks for; an old or mistyped link narrows nothing by what is not known. */
export function questionOf(search: RuleSearch): Question {
  const level = oneOf(search.level, SEVERITIES);
  const standing = oneOf(search.standing, STANDINGS);
  const words = search.q?.trim() ?? "";
  const technique = search.technique?.trim() ?? "";
  return {
    ...(words === "" ? {} : { search: words }),
    ...(level === undefined ? {} : { level }),
    ...(search.pack ? { pack: search.pack } : {}),
    ...(search.product ? { product: search.product } : {}),
    ...(technique === "" ? {} : { technique }),
    ...(standing === undefined ? {} : { standing }),
  };
}

/** Where its events come from, as people say it. */
export function sourceOf({ product, category, service }: Rule): string {
  return [product, category, service].filter((part) => part !== "").join(" · ");
}

/** The levels that a tenant may choose: none below that of the installation, whose own stands for "no choice". */
export function levelsAbove(least: string): readonly Severity[] {
  const place = SEVERITIES.indexOf(oneOf(least, SEVERITIES) ?? "critical");
  return SEVERITIES.slice(0, place + 1).toReversed();
}
