/** The end of a session: nothing of what it showed stays in the page. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { answerOf, server } from "../api/server";
import { LOOKUP_ITEM, writeItem } from "../lib/storage";
import { expectSession, isSessionOver, sessionQuery } from "./session";

/** For a session that ended elsewhere, too. */
export function forgetSession(client: QueryClient): void {
  expectSession(false);
  writeItem(LOOKUP_ITEM, null, "session");
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
  client.setQueryData(sessionQuery.queryKey, null);
}

export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useCallback(async () => {
    try {
      await answerOf(server.POST("/api/console/sign-out"));
    } catch (error) {
      if (!isSessionOver(error)) throw error;
    }
    forgetSession(client);
    await navigate({ to: "/sign-in" });
  }, [client, navigate]);
}
