import { describe, expect, test } from "vitest";
import type { StreamEvent } from "../api/events";
import { readStream } from "../api/sse";

const EVENTS = [
  ["meta", { ioc: "example.com", type: "domain", model: "openrouter/free" }],
  ["model", { model: "some/model" }],
  ["chunk", { content: "**Veredicto:** señal ñ 漢字 🔑\n" }],
  ["chunk", { content: "data: not a field\n\nevent: nor this" }],
  ["done", { done: true }],
] as const;

function bytesOf(newline: string, between = ""): Uint8Array {
  const frames = EVENTS.map(([name, data]) =>
    [`event: ${name}`, `data: ${JSON.stringify(data)}`, "", ""].join(newline),
  );
  return new TextEncoder().encode(frames.join(between));
}

async function* piecesAt(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const end of [...cuts, bytes.length]) {
    yield bytes.slice(start, end);
    start = end;
  }
}

async function read(bytes: Uint8Array, cuts: readonly number[] = []): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of readStream(piecesAt(bytes, cuts))) events.push(event);
  return events;
}

/** A small generator of numbers that are the same on every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

describe("reading server-sent events", () => {
  test("the events come in order with their content", async () => {
    const events = await read(bytesOf("\n"));
    expect(events.map(({ event }) => event)).toEqual(["meta", "model", "chunk", "chunk", "done"]);
    expect(events[2]).toEqual({ event: "chunk", content: EVENTS[2][1].content });
  });

  test.each([
    ["\n", "LF"],
    ["\r\n", "CRLF"],
    ["\r", "CR"],
  ])("every cut of the bytes in two gives the same events (%#: %s)", async (newline) => {
    const bytes = bytesOf(newline);
    const whole = await read(bytesOf("\n"));
    for (let cut = 0; cut <= bytes.length; cut++) expect(await read(bytes, [cut])).toEqual(whole);
  });

  test("single bytes and random pieces give the same events", async () => {
    const bytes = bytesOf("\r\n", ": a comment\r\n\r\n");
    const whole = await read(bytesOf("\n"));
    expect(await read(bytes, [...bytes.keys()])).toEqual(whole);
    const random = randomFrom(7);
    for (let round = 0; round < 100; round++) {
      const cuts = Array.from({ length: 8 }, () => Math.floor(random() * bytes.length)).sort((a, b) => a - b);
      expect(await read(bytes, cuts)).toEqual(whole);
    }
  });

  test("comments, ids and unknown events are passed over", async () => {
    const text = ": hello\n\nid: 1\nretry: 5\n\nevent: later\ndata: {}\n\n:\n\nevent: done\ndata: {}\n\n";
    const events = await read(new TextEncoder().encode(text));
    expect(events.map(({ event }) => event)).toEqual(["done"]);
  });

  test("an error after chunks keeps the chunks", async () => {
    const text =
      'event: chunk\ndata: {"content":"a"}\n\nevent: error\ndata: {"error":"roto","stage":"ai","errorType":"model_error"}\n\n';
    expect(await read(new TextEncoder().encode(text))).toEqual([
      { event: "chunk", content: "a" },
      { event: "error", error: "roto", stage: "ai", errorType: "model_error" },
    ]);
  });

  test("an event that was cut off is not delivered", async () => {
    expect(await read(new TextEncoder().encode('event: chunk\ndata: {"content":"a"}'))).toEqual([]);
  });

  test.each(["{", "null", "[]", "3"])("data that is no object is refused: %s", async (data) => {
    await expect(read(new TextEncoder().encode(`event: chunk\ndata: ${data}\n\n`))).rejects.toThrow(SyntaxError);
  });
});
