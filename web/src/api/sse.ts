/** Server-sent events out of a byte stream; EventSource cannot send our headers, so fetch reads them. */

import { createParser } from "eventsource-parser";
import { readEvent, type StreamEvent } from "./events";

/** Yields known events in order. Raises SyntaxError on data that is no JSON; ends silently where the bytes end. */
export async function* readStream(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const ready: { name: string; data: string }[] = [];
  const parser = createParser({ onEvent: ({ event, data }) => ready.push({ name: event ?? "message", data }) });
  const decoder = new TextDecoder();
  for await (const piece of bytes) {
    parser.feed(decoder.decode(piece, { stream: true }));
    for (const { name, data } of ready.splice(0)) {
      const event = readEvent(name, data);
      if (event !== null) yield event;
    }
  }
}

/** The pieces of a response body; Safari cannot iterate a body by itself. */
export async function* piecesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
