/** A change that the server makes: asked for once, with a fresh proof where it wants one, and what went wrong. */

import { useCallback, useState } from "react";
import { useProof } from "./Proof";

interface Change {
  isBusy: boolean;
  /** Null while nothing went wrong. */
  fault: unknown;
  /** Whether it was done. */
  run: (call: () => Promise<void>) => Promise<boolean>;
}

export function useChange(): Change {
  const withProof = useProof();
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>(null);
  const run = useCallback(
    async (call: () => Promise<void>) => {
      setBusy(true);
      setFault(null);
      try {
        await withProof(call);
        return true;
      } catch (error) {
        setFault(error);
        return false;
      } finally {
        setBusy(false);
      }
    },
    [withProof],
  );
  return { isBusy, fault, run };
}
