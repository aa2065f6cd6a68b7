/** The three requests of this page. The user's keys travel with the analysis and with nothing else. */

import { keyHeaders, readKeys } from "../lib/keys";
import type { StreamEvent } from "./events";
import type { Failure } from "./failures";
import { fieldsOf, objects, text } from "./fields";

// Arrives with the first analysis, while the server thinks: no page needs it to open.
const reader = () => import("./sse");

export interface Wish {
  ioc: string;
  /** Null leaves the choice to the server. */
  model: string | null;
  language: "es" | "en";
}

interface Model {
  id: string;
  label: string;
  provider: string;
}

export interface Models {
  defaultId: string;
  models: Model[];
  needsKey: boolean;
}

type Emit = (event: StreamEvent) => void;

/** Emits every event of one analysis. Answers null when it ended as it should, else why not. */
export async function analyse(wish: Wish, signal: AbortSignal, emit: Emit): Promise<Failure | null> {
  const query = new URLSearchParams({ ioc: wish.ioc, lang: wish.language });
  if (wish.model !== null) query.set("model", wish.model);
  let response: Response;
  try {
    const asked = fetch(`/api/ctai/stream?${query}`, {
      // Read now, not at page load: another tab may have changed or cleared them.
      headers: { Accept: "text/event-stream", ...keyHeaders(readKeys()) },
      cache: "no-store",
      signal,
    });
    [response] = await Promise.all([asked, reader()]);
  } catch (error) {
    return { where: "network", serverText: String(error) };
  }
  const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream") ?? false;
  if (!response.ok || !isStream || response.body === null) {
    const { failureOf } = await import("./failures");
    return failureOf(response);
  }
  return follow(response.body, emit);
}

async function follow(body: ReadableStream<Uint8Array>, emit: Emit): Promise<Failure | null> {
  try {
    const { piecesOf, readStream } = await reader();
    for await (const event of readStream(piecesOf(body))) {
      emit(event);
      if (event.event === "done") return null;
      if (event.event === "error") return { where: event.stage, errorType: event.errorType, serverText: event.error };
    }
  } catch (error) {
    return { where: "interrupted", serverText: String(error) };
  }
  return { where: "interrupted", serverText: "" };
}

/** Null when the server does not say. */
export async function loadModels(signal: AbortSignal): Promise<Models | null> {
  try {
    const response = await fetch("/api/ctai/models", { headers: { Accept: "application/json" }, signal });
    return response.ok ? readModels((await response.json()) as unknown) : null;
  } catch {
    return null; // unreachable or no JSON: the form then leaves the choice to the server
  }
}

function readModels(body: unknown): Models | null {
  const fields = fieldsOf(body);
  if (fields === null) return null;
  const models = objects(fields.models)
    .map((model) => ({
      id: text(model.id),
      label: text(model.label) || text(model.id),
      provider: text(model.provider),
    }))
    .filter((model) => model.id !== "");
  const defaultId = text(fields.default);
  return models.length === 0 ? null : { defaultId, models, needsKey: fields.ai === "key_required" };
}

export async function isHealthy(signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch("/api/health", { signal });
    return response.ok && fieldsOf(await response.json())?.status === "ok";
  } catch {
    return false;
  }
}
