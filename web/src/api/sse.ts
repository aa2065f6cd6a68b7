/** Server-sent events out of a byte stream; EventSource cannot send our headers, so fetch reads them. */

import { createParser } from "eventsource-parser";
import { readEvent, type StreamEvent } from "./events";

export interface SentEvent {
  /** "" where the server gave none. */
  id: string;
  name: string;
  data: string;
}

/** Yields all events in order; ends silently where the bytes end. */
export async function* sentEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<SentEvent> {
  const ready: SentEvent[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => ready.push({ id: id ?? "", name: event ?? "message", data }),
  });
  const decoder = new TextDecoder();
  for await (const piece of bytes) {
    parser.feed(decoder.decode(piece, { stream: true }));
    yield* ready.splice(0);
  }
}

/** Yields the events of an analysis that are known. Raises SyntaxError on data that is no JSON. */
export async function* readStream(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  for await (const { name, data } of sentEvents(bytes)) {
    const event = readEvent(name, data);
    if (event !== null) yield event;
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
