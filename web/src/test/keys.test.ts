import { describe, expect, test, vi } from "vitest";
import {
  areForThisTab,
  clearKeys,
  hasKeys,
  isSendable,
  KEYS_ITEM,
  keyHeaders,
  NO_KEYS,
  readKeys,
  saveKeys,
} from "../lib/keys";

const ALL = { openrouter: "or", virustotal: "vt", abuseipdb: "ab", polyswarm: "ps" };

describe("the user's keys", () => {
  test("they are kept under the documented name and shape", () => {
    saveKeys({ ...NO_KEYS, virustotal: " vt " }, false);
    expect(JSON.parse(localStorage.getItem(KEYS_ITEM) ?? "")).toEqual({ ...NO_KEYS, virustotal: "vt" });
    expect(KEYS_ITEM).toBe("ctai_api_keys");
  });

  test.each(["{", "null", "3", '"text"', "[]", "", '{"openrouter":3}', '{"openrouter":null,"other":"x"}'])(
    "broken content counts as empty: %s",
    (text) => {
      localStorage.setItem(KEYS_ITEM, text);
      expect(readKeys()).toEqual(NO_KEYS);
      expect(hasKeys(readKeys())).toBe(false);
    },
  );

  test("only keys that are set become headers", () => {
    expect(keyHeaders(ALL)).toEqual({
      "X-OpenRouter-Key": "or",
      "X-VT-Key": "vt",
      "X-AbuseIPDB-Key": "ab",
      "X-Polyswarm-Key": "ps",
    });
    expect(keyHeaders({ ...NO_KEYS, polyswarm: "ps" })).toEqual({ "X-Polyswarm-Key": "ps" });
    expect(keyHeaders(NO_KEYS)).toEqual({});
  });

  test.each([
    ["sk-or-v1-0123", true],
    ["", true],
    ["a b", false],
    ["a\nb", false],
    ["clavé", false],
    ["\u{1f511}", false],
  ])("what a header cannot carry is not sent: %j", (key, isFine) => {
    expect(isSendable(key)).toBe(isFine);
    expect(keyHeaders({ ...NO_KEYS, openrouter: key })).toEqual(
      isFine && key !== "" ? { "X-OpenRouter-Key": key } : {},
    );
  });

  test("keys for this tab leave nothing in the browser, and the other way round", () => {
    saveKeys(ALL, false);
    saveKeys({ ...ALL, openrouter: "tab" }, true);
    expect(localStorage.getItem(KEYS_ITEM)).toBeNull();
    expect(areForThisTab()).toBe(true);
    expect(readKeys().openrouter).toBe("tab");
    saveKeys(ALL, false);
    expect(sessionStorage.getItem(KEYS_ITEM)).toBeNull();
    expect(areForThisTab()).toBe(false);
  });

  test("clearing empties all four in both places", () => {
    saveKeys(ALL, true);
    clearKeys();
    expect(readKeys()).toEqual(NO_KEYS);
    expect(JSON.parse(localStorage.getItem(KEYS_ITEM) ?? "{}")).toEqual(NO_KEYS);
    expect(sessionStorage.getItem(KEYS_ITEM)).toBeNull();
  });

  test("storage that the browser withholds counts as empty and refuses to save", () => {
    vi.spyOn(window, "localStorage", "get").mockImplementation(() => {
      throw new DOMException("denied", "SecurityError");
    });
    expect(readKeys()).toEqual(NO_KEYS);
    expect(saveKeys(ALL, false)).toBe(false);
  });
});
