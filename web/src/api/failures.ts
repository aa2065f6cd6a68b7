/** Every way an analysis can end badly, brought to one type: five error bodies, a lost connection, a broken stream. */

import { type ErrorType, readProblem } from "./events";
import { fieldsOf, text } from "./fields";

export type Failure =
  | { where: "network"; serverText: string }
  | { where: "interrupted"; serverText: string }
  | { where: "request"; code: string; serverText: string }
  | { where: "limit"; seconds: number; serverText: string }
  | { where: "ioc" | "ai" | "unknown"; errorType: ErrorType; serverText: string };

/** Reads an answer that is no stream; whatever its body holds, there is a failure to show. */
export async function failureOf(response: Response): Promise<Failure> {
  const body = await bodyOf(response);
  const { error, stage, errorType } = readProblem(body);
  const serverText = error || `HTTP ${response.status}`;
  if (response.status === 429) return { where: "limit", seconds: secondsOf(response, body), serverText };
  if (response.status === 400) return { where: "request", code: text(fieldsOf(body)?.code), serverText };
  return { where: stage, errorType, serverText };
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return (await response.json()) as unknown;
  } catch {
    return null; // a proxy's HTML page, or nothing
  }
}

function secondsOf(response: Response, body: unknown): number {
  const inBody = fieldsOf(body)?.retryAfterSeconds;
  const seconds = typeof inBody === "number" ? inBody : Number(response.headers.get("Retry-After"));
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : 1;
}
