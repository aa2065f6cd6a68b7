/** Batches on their way to the server, one after the other; they stop when the page is left. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { sendBatch } from "../../api/upload";
import { madeSmall, rememberName, SENT_BYTES_MAX } from "./batches";
import { batchesQuery } from "./queries";

type SendingState =
  | { is: "waiting" | "packing" | "stopped" | "too-long" }
  | { is: "sending"; share: number }
  | { is: "taken"; id: string }
  | { is: "refused"; why: unknown };

interface Parcel {
  name: string;
  content: Blob;
}

export interface Sending {
  key: number;
  name: string;
  size: number;
  state: SendingState;
}

/** `onOnly` hears of a batch that came alone and was taken. */
export function useUploads(onOnly: (id: string) => void) {
  const client = useQueryClient();
  const [sendings, setSendings] = useState<readonly Sending[]>([]);
  const stops = useRef(new Map<number, AbortController>());
  const last = useRef<Promise<void>>(Promise.resolve());
  const count = useRef(0);

  useEffect(() => {
    const running = stops.current;
    return () => {
      for (const one of running.values()) one.abort();
    };
  }, []);

  const become = useCallback((key: number, state: SendingState) => {
    setSendings((before) => before.map((one) => (one.key === key ? { ...one, state } : one)));
  }, []);

  const carry = useCallback(
    async (key: number, { name, content }: Parcel): Promise<string | null> => {
      const stop = stops.current.get(key) ?? new AbortController();
      try {
        stop.signal.throwIfAborted();
        become(key, { is: "packing" });
        const small = await madeSmall(content);
        stop.signal.throwIfAborted();
        if (small.size > SENT_BYTES_MAX) {
          become(key, { is: "too-long" });
          return null;
        }
        become(key, { is: "sending", share: 0 });
        const batch = await sendBatch(small, (share) => become(key, { is: "sending", share }), stop.signal);
        rememberName(batch.batch_id, name);
        become(key, { is: "taken", id: batch.batch_id });
        return batch.batch_id;
      } catch (why) {
        become(key, stop.signal.aborted ? { is: "stopped" } : { is: "refused", why });
        return null;
      } finally {
        stops.current.delete(key);
        void client.invalidateQueries({ queryKey: batchesQuery.queryKey });
      }
    },
    [become, client],
  );

  const send = useCallback(
    (parcels: readonly Parcel[]) => {
      const numbered = parcels.map((parcel) => {
        count.current += 1;
        stops.current.set(count.current, new AbortController());
        return { key: count.current, parcel };
      });
      const added = numbered.map<Sending>(({ key, parcel: { name, content } }) => {
        return { key, name, size: content.size, state: { is: "waiting" } };
      });
      setSendings((before) => [...before, ...added]);
      for (const { key, parcel } of numbered) {
        last.current = last.current.then(async () => {
          const id = await carry(key, parcel);
          if (id !== null && numbered.length === 1) onOnly(id);
        });
      }
    },
    [carry, onOnly],
  );

  const stop = useCallback((key: number) => stops.current.get(key)?.abort(), []);
  const drop = useCallback((key: number) => setSendings((before) => before.filter((one) => one.key !== key)), []);
  return { sendings, send, stop, drop };
}
