import { describe, expect, test } from "vitest";
import { follow, type Line, type Told } from "../pages/scan/follow";
import { imagesOf, isUploaded } from "../pages/scans/search";
import { inPlace } from "../pages/scans/steady";
import { kindOf, meantBy, targetsIn } from "../pages/scans/targets";

describe("targets as they are typed", () => {
  test("are read from lines, commas and spaces, each once, and undone of their defanging", () => {
    const typed = " 10.1.0.0/24,\nwww[.]example[.]com  10.1.0.0/24;oci://r.example/app:1\n";
    expect(targetsIn(typed)).toEqual(["10.1.0.0/24", "www.example.com", "oci://r.example/app:1"]);
    expect(targetsIn(" \n,")).toEqual([]);
  });

  test.each([
    ["10.1.0.7", "network"],
    ["10.1.0.0/24", "network"],
    ["fd12::1", "network"],
    ["www.example.com", "domain"],
    ["arn:aws:s3:::bucket", "cloud"],
    ["oci://registry.example.com/app", "image"],
    ["-oN", null],
    ["https://example.com/", null],
  ])("%s looks like: %s", (target, kind) => {
    expect(kindOf(target)).toBe(kind);
  });

  test.each([
    ["https://user@Example.com:8443/path?x=1", "example.com"],
    ["http://10.1.0.7/", "10.1.0.7"],
    ["example.com:443", "example.com"],
    ["10.1.0.77/24", "10.1.0.0/24"],
    ["192.168.255.255/17", "192.168.128.0/17"],
    ["10.1.0.0/24", null],
    ["fd12::1/64", null],
    ["http://-oN/", null],
    ["nonsense", null],
  ])("of %s was meant: %s", (target, meant) => {
    expect(meantBy(target)).toBe(meant);
  });
});

test("packages are taken along of images alone", () => {
  expect(imagesOf({ targets: ["10.1.0.7", "oci://r.example/app:1", "sarif:trivy"] })).toEqual([
    "oci://r.example/app:1",
  ]);
});

test("rows keep their places whatever the server's order is, and new ones wait", () => {
  const rows = ["c", "b", "new", "a"].map((id) => ({ id, at: id.length }));
  const { kept, fresh } = inPlace(["a", "b", "gone", "c"], rows);
  expect(kept.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  expect(fresh).toEqual([{ id: "new", at: 3 }]);
});

describe("following a scan", () => {
  const told = (id: string, name: string, status: string) =>
    `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify({ id: "scan_1", status })}\n\n`;

  /** One answer for each attempt; null is one that the server did not give. */
  function lineOf(answers: (string | null)[]) {
    const seen = { marks: [] as string[], told: [] as Told[], failures: [] as number[], waits: [] as number[] };
    const line: Line = {
      open: async (mark) => {
        seen.marks.push(mark);
        const answer = answers.shift() ?? null;
        if (answer === null) throw new Error("HTTP 502");
        return (async function* () {
          if (answer !== "") yield new TextEncoder().encode(answer);
        })();
      },
      wait: async (milliseconds) => void seen.waits.push(milliseconds),
      onTold: (one) => void seen.told.push(one),
      onFailures: (count) => void seen.failures.push(count),
      isOver: () => seen.marks.length > 10,
    };
    return { line, seen };
  }

  test("goes on behind the last mark after a break, and stops at the end", async () => {
    const { line, seen } = lineOf([
      told("running-0.1-0", "progress", "running"),
      null,
      `: still here\n\n${told("x", "later", "running")}${told("completed-1-2", "ended", "completed")}`,
    ]);
    await follow(line);
    expect(seen.marks).toEqual(["", "running-0.1-0", "running-0.1-0"]);
    expect(seen.told.map(({ scan, isEnd }) => [scan.status, isEnd])).toEqual([
      ["running", false],
      ["completed", true],
    ]);
    expect(seen.failures).toEqual([0, 1, 2, 0]);
    expect(seen.waits).toEqual([1_000, 2_000]);
  });

  test("asks ever more seldom while there is no answer, and leaves with the page", async () => {
    const { line, seen } = lineOf([]);
    await follow(line);
    expect(seen.waits.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    expect(seen.told).toEqual([]);
  });

  test("takes an answer without a byte for none", async () => {
    const { line, seen } = lineOf(["", "", told("e", "ended", "completed")]);
    await follow(line);
    expect(seen.failures).toEqual([1, 2, 0]);
  });

  test("is not ended by an answer that is no JSON", async () => {
    const { line, seen } = lineOf(["event: progress\ndata: {\n\n", told("e", "ended", "failed")]);
    await follow(line);
    expect(seen.told.map(({ scan }) => scan.status)).toEqual(["failed"]);
  });
});

describe("uploads", () => {
  test("are those of which every target is what another tool saw", () => {
    expect(isUploaded({ targets: ["sarif:Semgrep", "sarif:nothing"] })).toBe(true);
    expect(isUploaded({ targets: ["sarif.example"] })).toBe(false);
    expect(isUploaded({ targets: [] })).toBe(false);
  });
});
