import { describe, expect, test } from "vitest";
import { answerOf, Refusal } from "../api/server";

const replied = (status: number, error: unknown, headers: Record<string, string> = {}) =>
  answerOf(Promise.resolve({ error, response: new Response(null, { status, headers }) }));

async function refused(call: Promise<unknown>): Promise<Refusal> {
  const fault: unknown = await call.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(fault instanceof Refusal)) throw new Error(`no refusal: ${String(fault)}`);
  return fault;
}

describe("what a call gives", () => {
  test("an answer is given as it came", async () => {
    const response = new Response(null, { status: 200 });
    expect(await answerOf(Promise.resolve({ data: { a: 1 }, response }))).toEqual({ a: 1 });
  });

  test("a failure keeps the server's words, its number and when to come back", async () => {
    const body = { error: { code: "rate_limit_exceeded", message: "Slow down.", request_id: "req_1" } };
    const fault = await refused(replied(429, body, { "Retry-After": "7" }));
    expect([fault.status, fault.code, fault.message]).toEqual([429, "rate_limit_exceeded", "Slow down."]);
    expect([fault.requestId, fault.retryAfterSeconds]).toEqual(["req_1", 7]);
  });

  test.each([null, "<html>", { error: "text" }, { error: { code: 7 } }])("of %j it says what it can", async (body) => {
    const fault = await refused(replied(502, body));
    expect([fault.code, fault.message, fault.retryAfterSeconds]).toEqual(["unreachable", "HTTP 502", null]);
  });

  test("a lost connection is a refusal too, an abandoned call is none", async () => {
    expect((await refused(answerOf(Promise.reject(new TypeError("offline"))))).code).toBe("unreachable");
    const abandoned = new DOMException("gone", "AbortError");
    await expect(answerOf(Promise.reject(abandoned))).rejects.toBe(abandoned);
  });
});
