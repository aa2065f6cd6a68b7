import { describe, expect, test } from "vitest";
import { expiryOf, networksIn, timeUntil } from "../pages/settings/keys/keys";
import { masked, snippetOf } from "../pages/settings/keys/snippets";
import { outcomeOf, stepsOf, type Use } from "../pages/settings/keys/usage";

const use = (at: string, status: number): Use => ({
  at,
  status,
  method: "GET",
  path: "/v3/tenant",
  milliseconds: 4,
  ip: "203.0.113.9",
  agent: null,
  secret: "cbr_live_…abcd",
  is_old_secret: false,
  request_id: `${at} ${status}`,
});

describe("the usage of a key", () => {
  test.each([
    [200, "succeeded"],
    [304, "succeeded"],
    [400, "faulty"],
    [401, "refused"],
    [403, "refused"],
    [404, "faulty"],
    [429, "refused"],
    [500, "failed"],
    [503, "failed"],
  ])("%i counts as %s", (status, outcome) => expect(outcomeOf(status)).toBe(outcome));

  test("every call stands in exactly one step, and steps have no gap", () => {
    const uses = [use("2026-11-01T10:00:30Z", 200), use("2026-11-01T10:00:59Z", 403), use("2026-11-01T10:07:00Z", 500)];
    const { steps, length } = stepsOf(uses);
    expect(length).toBe(60_000);
    expect(steps.map(({ total }) => total)).toEqual([2, 0, 0, 0, 0, 0, 0, 1]);
    expect(steps[0]?.counts).toEqual({ succeeded: 1, refused: 1, faulty: 0, failed: 0 });
    expect(new Set(steps.slice(1).map(({ at }, before) => at - (steps[before]?.at ?? 0)))).toEqual(new Set([length]));
  });

  test.each([
    ["2026-11-01T10:30:00Z", 60_000],
    ["2026-11-01T13:00:00Z", 15 * 60_000],
    ["2026-11-04T10:00:00Z", 180 * 60_000],
    ["2027-01-29T10:00:00Z", 10_080 * 60_000],
  ])("until %s the steps fit into the chart", (last, wanted) => {
    const { steps, length } = stepsOf([use(last, 200), use("2026-11-01T10:00:00Z", 200)]);
    expect(length).toBe(wanted);
    expect(steps.length).toBeLessThanOrEqual(32);
    expect(steps.reduce((sum, { total }) => sum + total, 0)).toBe(2);
  });

  test("no calls make no steps", () => expect(stepsOf([]).steps).toEqual([]));
});

describe("the life of a key", () => {
  const now = Date.parse("2026-11-01T12:00:00Z");

  test("a countdown goes by the server's clock, not by this one", () => {
    expect(timeUntil("2026-11-02T12:00:00Z", now, 0)).toEqual({ hours: 24, minutes: 0 });
    expect(timeUntil("2026-11-02T12:00:00Z", now, 19 * 60_000)).toEqual({ hours: 23, minutes: 41 });
    expect(timeUntil("2026-11-01T12:00:30Z", now, 0)).toEqual({ hours: 0, minutes: 1 });
    expect(timeUntil("2026-11-01T12:00:00Z", now, 0)).toBeNull();
  });

  test("an expiry is so many days of the server's time, a day, or never", () => {
    expect(expiryOf("90", "", now)).toBe("2027-01-30T12:00:00.000Z");
    expect(expiryOf("custom", "2027-06-30", now)).toBe("2027-06-30");
    expect(expiryOf("none", "2027-06-30", now)).toBeNull();
  });

  test("networks are read however they are listed", () => {
    expect(networksIn(" 10.0.0.0/8\n203.0.113.9, 2001:db8::/32;192.0.2.1 ")).toEqual([
      "10.0.0.0/8",
      "203.0.113.9",
      "2001:db8::/32",
      "192.0.2.1",
    ]);
    expect(networksIn(" \n ")).toEqual([]);
  });
});

describe("a first call", () => {
  const SECRET = "cbr_live_0123456789abcdefghijQx7a";

  test.each(["curl", "python"] as const)("%s goes to this very server, with the key where it belongs", (language) => {
    const text = snippetOf(language, "https://vault.example:8443", SECRET);
    expect(text).toContain("https://vault.example:8443/v3/system/whoami");
    expect(text).toContain(`Bearer ${SECRET}`);
  });

  test("masked, nothing is left of the secret but what its hint shows", () => {
    const text = masked(SECRET, "cbr_live_…Qx7a");
    expect(text).toBe("cbr_live_••••••••••••Qx7a");
  });
});
