/** Targets checked with the server while they are typed; nothing is connected to. */

import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { previewQuery } from "./queries";
import type { Preview, Profile } from "./search";
import { targetsIn } from "./targets";

const TYPING_MILLISECONDS = 400;
// Estimates are asked for with the longest time, or the chosen one would cut them off.
const MINUTES_MAX = 1_440;
export const MINUTES: readonly string[] = ["15", "30", "60", "120", "240", "720", "1440"];

export function reasonAgainst(
  targets: readonly string[],
  preview: Preview | undefined,
  isChecking: boolean,
): "empty" | "checking" | "refused" | null {
  if (targets.length === 0) return "empty";
  if (isChecking || preview === undefined) return "checking";
  return preview.refused.length > 0 || preview.targets.length === 0 ? "refused" : null;
}

export interface Previews {
  previews: Partial<Record<Profile, Preview>>;
  isChecking: boolean;
  fault: unknown;
}

/** What the server says of the targets, a moment after the last key; by profile, where several are compared. */
export function usePreviews(
  targets: readonly string[],
  profile: Profile,
  compared: readonly Profile[] = [profile],
): Previews {
  const joined = targets.join(" ");
  const [settled, setSettled] = useState(joined);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(joined), TYPING_MILLISECONDS);
    return () => window.clearTimeout(timer);
  }, [joined]);
  const asked = targetsIn(settled);
  const queries = useQueries({
    queries: compared.map((one) => ({ ...previewQuery(asked, one, MINUTES_MAX), placeholderData: keepPreviousData })),
  });
  const chosen = queries[compared.indexOf(profile)];
  const isEmpty = asked.length === 0;
  return {
    previews: isEmpty ? {} : Object.fromEntries(compared.map((one, place) => [one, queries[place]?.data])),
    isChecking: settled !== joined || chosen?.isFetching === true || chosen?.isPlaceholderData === true,
    fault: isEmpty ? null : (chosen?.error ?? null),
  };
}
