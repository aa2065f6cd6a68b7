/** Sending a batch of telemetry with how far it is, which `fetch` does not tell. */

import { Refusal, refusalOf, type Shapes } from "./server";

type Batch = Shapes["BatchReply"];

/** Hands a batch over to be looked through later; `onShare` hears from 0 to 1 how much of it is sent. Throws `Refusal`. */
export function sendBatch(content: Blob, onShare: (share: number) => void, signal: AbortSignal): Promise<Batch> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v3/telemetry");
    request.setRequestHeader("Accept", "application/json");
    // What it is, its bytes tell.
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("Prefer", "respond-async");
    request.upload.onprogress = ({ loaded, total }) => onShare(total === 0 ? 1 : loaded / total);
    request.onload = () => {
      const body = bodyOf(request.responseText);
      if (request.status === 202) resolve(body as Batch);
      else reject(refusalOf(request.status, request.getResponseHeader("Retry-After"), body));
    };
    request.onerror = () => reject(new Refusal(0, "unreachable", "POST /v3/telemetry"));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(content);
  });
}

function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
