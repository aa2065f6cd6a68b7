/** Lists that come in pages: how a query walks them, and the button for the next one. */

import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import { useTexts } from "../../i18n/texts";
import { WordButton } from "../../kit/Buttons";
import { keyTexts } from "./keys/texts";

/** For `infiniteQueryOptions`: the cursor of the first page is empty. */
export const PAGING = {
  initialPageParam: "",
  getNextPageParam: ({ pagination }: { pagination: { next_cursor: string | null } }) =>
    pagination.next_cursor ?? undefined,
};

export const from = (cursor: string): { cursor?: string } => (cursor === "" ? {} : { cursor });

export function More({ query, label }: { query: UseInfiniteQueryResult<unknown>; label?: string }) {
  const texts = useTexts(keyTexts);
  if (!query.hasNextPage) return null;
  return (
    <span>
      <WordButton isDisabled={query.isFetchingNextPage} onPress={() => void query.fetchNextPage()}>
        {label ?? texts.more}
      </WordButton>
    </span>
  );
}
