import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { analyse, isHealthy, loadModels } from "../api/client";
import type { StreamEvent } from "../api/events";
import { KEYS_ITEM, NO_KEYS, saveKeys } from "../lib/keys";

let server: Server | null = null;
const WISH = { ioc: "203.0.113.42", model: "openrouter/free", language: "es" } as const;
const NEVER = new AbortController().signal;

/** A real server on loopback that the page seems to come from; answers what it was asked. */
async function serve(answer: RequestListener): Promise<IncomingMessage[]> {
  const asked: IncomingMessage[] = [];
  const started = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  server = started;
  await new Promise<void>((ready) => started.listen(0, "127.0.0.1", ready));
  const { port } = started.address() as AddressInfo;
  (window as unknown as { happyDOM: { setURL: (url: string) => void } }).happyDOM.setURL(`http://127.0.0.1:${port}/`);
  return asked;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const streaming =
  (text: string): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
    response.end(text);
  };

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };

async function run(signal = NEVER) {
  const events: StreamEvent[] = [];
  const failure = await analyse(WISH, signal, (event) => events.push(event));
  return { failure, events };
}

const DONE = 'event: chunk\ndata: {"content":"a"}\n\nevent: done\ndata: {"done":true}\n\n';

describe("an analysis request", () => {
  test("it names indicator, model and language, and ends without a failure", async () => {
    const asked = await serve(streaming(DONE));
    const { failure, events } = await run();
    expect(failure).toBeNull();
    expect(events.map(({ event }) => event)).toEqual(["chunk", "done"]);
    expect(asked[0]?.url).toBe("/api/ctai/stream?ioc=203.0.113.42&lang=es&model=openrouter%2Ffree");
    expect(asked[0]?.headers.accept).toBe("text/event-stream");
  });

  test("it carries the keys that are set, and no others", async () => {
    saveKeys({ ...NO_KEYS, virustotal: "vt-secret" }, false);
    const asked = await serve(streaming(DONE));
    await run();
    const headers = asked[0]?.headers ?? {};
    expect(headers["x-vt-key"]).toBe("vt-secret");
    for (const name of ["x-openrouter-key", "x-abuseipdb-key", "x-polyswarm-key"])
      expect(headers).not.toHaveProperty(name);
  });

  test("keys that were cleared elsewhere are not sent any more", async () => {
    saveKeys({ ...NO_KEYS, openrouter: "or-secret" }, false);
    const asked = await serve(streaming(DONE));
    await run();
    localStorage.removeItem(KEYS_ITEM);
    await run();
    expect(asked.map(({ headers }) => headers["x-openrouter-key"])).toEqual(["or-secret", undefined]);
  });

  test("models and health are asked for without any key", async () => {
    saveKeys({ openrouter: "a", virustotal: "b", abuseipdb: "c", polyswarm: "d" }, false);
    const asked = await serve(json(200, { status: "ok" }));
    await loadModels(NEVER);
    await isHealthy(NEVER);
    expect(asked).toHaveLength(2);
    const names = asked.flatMap(({ headers }) => Object.keys(headers)).filter((name) => name.endsWith("-key"));
    expect(names).toEqual([]);
  });
});

describe("every way to fail becomes one type", () => {
  test.each([
    [400, { error: "Falta", code: "missing_ioc" }, { where: "request", code: "missing_ioc", serverText: "Falta" }],
    [400, { error: "Tipo" }, { where: "request", code: "", serverText: "Tipo" }],
    [500, { error: "x", stage: "ioc", errorType: "api_unavailable" }, { where: "ioc", errorType: "api_unavailable" }],
    [500, { error: "x", stage: "ai", errorType: "model_error" }, { where: "ai", errorType: "model_error" }],
    [500, { error: "x", stage: "unknown" }, { where: "unknown", errorType: "unknown" }],
    [502, "<html>", { where: "unknown", serverText: "HTTP 502" }],
    [200, "<html>", { where: "unknown", serverText: "HTTP 200" }],
    [429, { error: "Too many requests", retryAfterSeconds: 12 }, { where: "limit", seconds: 12 }],
  ])("%i %j", async (status, body, expected) => {
    await serve(json(status, body));
    expect((await run()).failure).toMatchObject(expected);
  });

  test("a limit without a body takes its seconds from the header", async () => {
    await serve(json(429, "", { "Retry-After": "7" }));
    expect((await run()).failure).toMatchObject({ where: "limit", seconds: 7 });
    server?.close();
    await serve(json(429, ""));
    expect((await run()).failure).toMatchObject({ where: "limit", seconds: 1 });
  });

  test("an error event after chunks", async () => {
    await serve(streaming('event: chunk\ndata: {"content":"a"}\n\nevent: error\ndata: {"error":"x","stage":"ai"}\n\n'));
    const { failure, events } = await run();
    expect(failure).toEqual({ where: "ai", errorType: "unknown", serverText: "x" });
    expect(events).toHaveLength(2);
  });

  test("a stream that just ends was interrupted", async () => {
    await serve(streaming('event: chunk\ndata: {"content":"a"}\n\n'));
    expect((await run()).failure).toMatchObject({ where: "interrupted" });
  });

  test("a stream that sends nonsense was interrupted", async () => {
    await serve(streaming("event: chunk\ndata: {\n\n"));
    expect((await run()).failure).toMatchObject({ where: "interrupted" });
  });

  test("a server that is not there", async () => {
    await serve(json(200, {}));
    await new Promise((closed) => server?.close(closed));
    expect((await run()).failure).toMatchObject({ where: "network" });
    expect(await isHealthy(NEVER)).toBe(false);
    expect(await loadModels(NEVER)).toBeNull();
  });
});

describe("the list of models", () => {
  test("it is read with its default and whether a key is needed", async () => {
    const models = [{ id: "a/b", label: "B", provider: "A" }, { id: "c" }, { label: "no id" }];
    await serve(json(200, { default: "c", models, ai: "key_required" }));
    expect(await loadModels(NEVER)).toEqual({
      defaultId: "c",
      needsKey: true,
      models: [
        { id: "a/b", label: "B", provider: "A" },
        { id: "c", label: "c", provider: "" },
      ],
    });
  });

  test.each([[{}], [{ models: [] }], [[]]])("%j is no list", async (body) => {
    await serve(json(200, body));
    expect(await loadModels(NEVER)).toBeNull();
  });
});
