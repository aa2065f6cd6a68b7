import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(?:tsx?|js)$/.test(name) && !/^test|\.d\.ts$/.test(name))
  .map((name) => [name, readFileSync(join("src", name), "utf8")] as const);

// What the content policy forbids, found before a browser does.
const FORBIDDEN =
  /dangerouslySetInnerHTML|\.(?:inner|outer)HTML|insertAdjacentHTML|setAttribute\(\s*["']style|document\.write|\beval\(|new Function/;

test("no file turns a string into markup or code", () => {
  expect(files.length).toBeGreaterThan(30);
  expect(files.filter(([, text]) => FORBIDDEN.test(text)).map(([name]) => name)).toEqual([]);
});

test("only the client sends requests", () => {
  const senders = files.filter(([, text]) => /\bfetch\(|XMLHttpRequest|EventSource\(|sendBeacon/.test(text));
  expect(senders.map(([name]) => name)).toEqual(["api/client.ts", "api/upload.ts"]);
});

test("files stay small", () => {
  expect(files.filter(([, text]) => text.split("\n").length > 450).map(([name]) => name)).toEqual([]);
});

test("every module says first what it is for", () => {
  const silent = files.filter(([name, text]) => name.endsWith("ts") && !text.startsWith("/** "));
  expect(silent.map(([name]) => name)).toEqual([]);
});
