/** What sources are called, as the page of sources calls them. */

import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useTexts } from "../../i18n/texts";
import { labelName } from "../../lib/labels";
import { sourcesQuery } from "../settings/sources/sources";
import { assessmentTexts } from "./texts";

/** By the name that the API gives; until the server has said more, that name in words. */
export function useSourceName(): (name: string) => string {
  const { local } = useTexts(assessmentTexts);
  const { data } = useQuery({ ...sourcesQuery, staleTime: Number.POSITIVE_INFINITY, refetchInterval: false });
  const titles = useMemo(() => new Map(data?.sources.map(({ name, title }) => [name, title])), [data]);
  return useCallback(
    (name: string) => (name === "local" ? local : (titles.get(name) ?? labelName(name))),
    [local, titles],
  );
}
