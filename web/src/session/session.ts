/** Who has signed in, and what that allows; everything that depends on it asks here. */

import { queryOptions, useQuery } from "@tanstack/react-query";
import { answerOf, Refusal, type Shapes, server } from "../api/server";

export type Session = Shapes["MeReply"];

// The page says whether the browser holds a session's cookie, so that a visitor without one is not asked after.
let mayBeSignedIn = document.documentElement.dataset.session !== "none";

export function expectSession(isThere: boolean): void {
  mayBeSignedIn = isThere;
}

const ENDED = new Set(["sign_in_required", "session_ended"]);

export function isSessionOver(error: unknown): boolean {
  return error instanceof Refusal && error.status === 401 && ENDED.has(error.code);
}

export const sessionQuery = queryOptions<Session | null>({
  queryKey: ["session"],
  queryFn: async ({ signal }) => {
    if (!mayBeSignedIn) return null;
    try {
      return await answerOf(server.GET("/api/console/me", { signal }));
    } catch (error) {
      if (isSessionOver(error)) return null;
      throw error;
    }
  },
  // Known before anything is asked, so that the first frame is the page itself.
  initialData: () => (mayBeSignedIn ? undefined : null),
  staleTime: 60_000,
});

/** Null for a visitor, undefined while nobody knows yet. */
export function useSession(): Session | null | undefined {
  return useQuery(sessionQuery).data;
}

export function can(session: Session | null | undefined, scope: string): boolean {
  return session?.scopes.includes(scope) ?? false;
}
