/** The typed client of our own faces, and the one shape in which a call of it can fail. */

import createClient from "openapi-fetch";
import { firstLanguage } from "../i18n/language";
import type { components, paths } from "./schema";

export type Shapes = components["schemas"];

/** Paths, parameters and bodies are checked against the document of the API when the console is built. */
export const server = createClient<paths>({ headers: { Accept: "application/json" }, cache: "no-store" });

// Sentences that the server writes come in the language of the page, not of the browser.
server.use({
  onRequest({ request }) {
    request.headers.set("Accept-Language", firstLanguage());
  },
});

/** A call that did not give what was asked for; `code` is the server's word, or `unreachable` where it said none. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null = null,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.name = "Refusal";
  }
}

interface Reply<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What a call of `server` gives, or a `Refusal`: never an answer that is only half there. */
export async function answerOf<T>(call: Promise<Reply<T>>): Promise<T> {
  let reply: Reply<T>;
  try {
    reply = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refusal(0, "unreachable", String(error));
  }
  const { ok, status, headers } = reply.response;
  if (!ok) throw refusalOf(status, headers.get("Retry-After"), reply.error);
  return reply.data as T;
}

/** What an answer that is none says, in the form that all faces of ours share. */
export function refusalOf(status: number, retryAfter: string | null, body: unknown): Refusal {
  const { error } = (typeof body === "object" && body !== null ? body : {}) as { error?: Record<string, unknown> };
  const text = (name: string) => (typeof error?.[name] === "string" ? (error[name] as string) : null);
  const seconds = Number(retryAfter ?? Number.NaN);
  return new Refusal(
    status,
    text("code") ?? "unreachable",
    text("message") ?? `HTTP ${status}`,
    text("request_id"),
    Number.isFinite(seconds) ? seconds : null,
  );
}
