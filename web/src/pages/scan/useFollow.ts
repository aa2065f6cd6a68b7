/** Keeps what the page knows of a scan as it is now, while the page is looked at. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { answerOf, server } from "../../api/server";
import { piecesOf } from "../../api/sse";
import { scanQuery } from "../scans/queries";
import type { ScanDetail } from "../scans/search";
import { follow, type Told } from "./follow";

/** How news come: at once, or by asking every few seconds while the line is down. */
export type Connection = "live" | "asking";

// The server says something each 15 seconds: a line that is silent for longer is dead, whatever the browser believes.
const SILENCE_MILLISECONDS = 40_000;
const FAILURES_BORNE = 1;

export function useFollow(id: string, isOpen: boolean): Connection {
  const client = useQueryClient();
  const isSeen = useVisible();
  const [failures, setFailures] = useState(0);
  const isFollowing = isOpen && isSeen;
  useEffect(() => {
    if (!isFollowing) return;
    const over = new AbortController();
    const { queryKey } = scanQuery(id);
    const onTold = ({ scan, isEnd }: Told) => {
      client.setQueryData(queryKey, (before: ScanDetail | undefined) => before && { ...before, ...scan });
      // One question at a time while it runs; at its end the last word counts.
      void client.invalidateQueries({ queryKey }, { cancelRefetch: isEnd });
    };
    void follow({
      open: (mark) => listen(id, mark, over.signal),
      wait: (milliseconds) => pause(milliseconds, over.signal),
      onTold,
      onFailures: setFailures,
      isOver: () => over.signal.aborted,
    });
    return () => over.abort();
  }, [client, id, isFollowing]);
  return failures > FAILURES_BORNE ? "asking" : "live";
}

async function listen(id: string, mark: string, over: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const silence = new AbortController();
  const signal = AbortSignal.any([over, silence.signal]);
  const headers = { Accept: "text/event-stream", ...(mark === "" ? {} : { "Last-Event-ID": mark }) };
  const params = { path: { scan_id: id } };
  const body = await answerOf(server.GET("/v3/scans/{scan_id}/events", { params, headers, signal, parseAs: "stream" }));
  return watched(piecesOf(body as ReadableStream<Uint8Array>), () => silence.abort());
}

async function* watched(pieces: AsyncIterable<Uint8Array>, onSilence: () => void): AsyncGenerator<Uint8Array> {
  let timer = window.setTimeout(onSilence, SILENCE_MILLISECONDS);
  try {
    for await (const piece of pieces) {
      window.clearTimeout(timer);
      timer = window.setTimeout(onSilence, SILENCE_MILLISECONDS);
      yield piece;
    }
  } finally {
    window.clearTimeout(timer);
  }
}

function pause(milliseconds: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, milliseconds);
    over.addEventListener("abort", () => {
      window.clearTimeout(timer);
      resolve();
    });
  });
}

/** A hidden page holds no line: browsers allow six to a server. */
function useVisible(): boolean {
  const [isSeen, setSeen] = useState(() => document.visibilityState === "visible");
  useEffect(() => {
    const look = () => setSeen(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return isSeen;
}
