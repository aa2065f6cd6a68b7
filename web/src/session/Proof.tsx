/** Some changes want a fresh proof of who asks: it is asked for once, then the change is made after all. */

import { createContext, lazy, type ReactNode, Suspense, useCallback, useContext, useState } from "react";
import { Refusal } from "../api/server";

const ProofDialog = lazy(async () => ({ default: (await import("./ProofDialog")).ProofDialog }));

type WithProof = <T>(call: () => Promise<T>) => Promise<T>;

const ProofContext = createContext<WithProof>((call) => call());

/** Runs a call; where the server wants a fresh proof, asks the person for it and runs the call once more. */
export function useProof(): WithProof {
  return useContext(ProofContext);
}

interface Waiting {
  finish: () => void;
  abandon: () => void;
}

export function ProofPlace({ children }: { children: ReactNode }) {
  const [waiting, setWaiting] = useState<Waiting | null>(null);
  const withProof = useCallback<WithProof>(async (call) => {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Refusal && error.code === "reauth_required")) throw error;
      await new Promise<void>((resolve, reject) => setWaiting({ finish: resolve, abandon: () => reject(error) }));
      return await call();
    }
  }, []);
  const close = (isProved: boolean) => {
    if (isProved) waiting?.finish();
    else waiting?.abandon();
    setWaiting(null);
  };
  return (
    <ProofContext value={withProof}>
      {children}
      <Suspense>{waiting === null ? null : <ProofDialog onClose={close} />}</Suspense>
    </ProofContext>
  );
}
