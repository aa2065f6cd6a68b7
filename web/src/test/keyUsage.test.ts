import { describe, expect, test } from "vitest";
import { expiryOf, networksIn, timeUntil } from "../pages/settings/keys/keys";
import { masked, snippetOf } from "../pages/settings/keys/snippets";
import { callsOf, type Step } from "../pages/settings/keys/usage";

test("calls are summed by how they ended and by secret", () => {
  const steps: Step[] = [
    { at: "2026-11-01T10:00:00Z", counts: [{ outcome: "succeeded", is_old_secret: false, calls: 3 }] },
    { at: "2026-11-01T11:00:00Z", counts: [] },
    {
      at: "2026-11-01T12:00:00Z",
      counts: [
        { outcome: "succeeded", is_old_secret: true, calls: 2 },
        { outcome: "failed", is_old_secret: false, calls: 1 },
      ],
    },
  ];
  expect(callsOf(steps)).toBe(6);
  expect([callsOf(steps, { outcome: "succeeded" }), callsOf(steps, { isOld: true })]).toEqual([5, 2]);
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
