/** What surrounds every page: language, the answers of the server, notes, proofs, and the way from page to page. */

import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Refusal } from "./api/server";
import { LanguageProvider } from "./i18n/language";
import { ToastPlace } from "./kit/Toasts";
import { router } from "./router";
import { ProofPlace } from "./session/Proof";
import { isSessionOver } from "./session/session";
import { forgetSession } from "./session/signOut";
import { CrashGuard } from "./shell/CrashGuard";

const RETRIES = 2;

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (isSessionOver(error)) forgetSession(client);
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: true,
      // What the server refused it refuses again; a lost connection may come back.
      retry: (count, error) => count < RETRIES && error instanceof Refusal && error.status >= 502,
    },
  },
});

export function App() {
  return (
    // What the server said in the other language is asked for anew.
    <LanguageProvider onChange={() => void client.invalidateQueries()}>
      <CrashGuard>
        <QueryClientProvider client={client}>
          <ToastPlace>
            <ProofPlace>
              <RouterProvider router={router} />
            </ProofPlace>
          </ToastPlace>
        </QueryClientProvider>
      </CrashGuard>
    </LanguageProvider>
  );
}
