import { describe, expect, test } from "vitest";
import { hostOf, isSentTo, nameOf, USUAL_EVENTS } from "../pages/settings/webhooks/webhooks";

describe("a webhook", () => {
  test.each([
    ["https://hooks.example.com/services/s3cret?x=1", "hooks.example.com"],
    ["http://10.0.0.5:8080/", "10.0.0.5:8080"],
    ["not an address", "not an address"],
  ])("of %s is told and typed by its host, never by its path", (url, host) => {
    expect(hostOf({ url })).toBe(host);
    expect(nameOf({ url, description: "" })).toBe(host);
    expect(nameOf({ url, description: "Tickets" })).toBe("Tickets");
  });

  test("a new one is sent everything but what comes many times for each scan", () => {
    expect(USUAL_EVENTS).toHaveLength(8);
    expect(USUAL_EVENTS).not.toContain("scan.progress");
  });

  test.each([
    ["active", true],
    ["failing", true],
    ["disabled", false],
    ["off", false],
  ] as const)("that is %s is sent to: %s", (status, is) => expect(isSentTo({ status })).toBe(is));
});
