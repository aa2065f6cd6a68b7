import { describe, expect, test } from "vitest";
import { defang, defangUrls, refang } from "../lib/defang";
import { detect } from "../lib/detect";

const MD5 = "44d88612fea8a8f36de82e1278abb02f";

describe("recognising what is typed", () => {
  test.each([
    ["203.0.113.42", "ipv4"],
    ["  203.0.113.42 ", "ipv4"],
    ["203[.]0[.]113[.]42", "ipv4"],
    ["::ffff:203.0.113.42", "ipv4"],
    ["2001:db8::1", "ipv6"],
    ["[2001:db8::1]", "ipv6"],
    ["2001:DB8:0:0:0:0:0:1", "ipv6"],
    ["203.0.113.0/24", "cidr"],
    ["2001:db8::/32", "cidr"],
    ["example.com", "domain"],
    ["example[.]com", "domain"],
    ["EXAMPLE.Com.", "domain"],
    ["_dmarc.example.com", "domain"],
    ["münchen.example", "domain"],
    ["xn--mnchen-3ya.example", "domain"],
    ["example.xn--p1ai", "domain"],
    ["https://example.com/a?b=c#d", "url"],
    ["hxxps://example[.]com/a", "url"],
    ["ftp://203.0.113.42:21/x", "url"],
    ["http://[2001:db8::1]/", "url"],
    [MD5, "md5"],
    [MD5.toUpperCase(), "md5"],
    ["a".repeat(40), "sha1"],
    ["0".repeat(64), "sha256"],
    ["f".repeat(128), "sha512"],
    ["CVE-2024-12345", "cve"],
    ["cve-2024-1234", "cve"],
    ["AS64500", "asn"],
    ["asn 64500", "asn"],
    ["user@example.com", "email"],
    ["user[at]example[.]com", "email"],
  ])("%s is %s", (typed, kind) => {
    expect(detect(typed)?.kind).toBe(kind);
  });

  test.each([
    "",
    "   ",
    "hello",
    "256.1.1.1",
    "1.2.3",
    "01.2.3.4",
    "1.2.3.4.5",
    "203.0.113.0/33",
    "2001:db8::/129",
    "2001:db8::1%eth0",
    ":::",
    "example.c",
    "example.123",
    "-bad.example.com",
    "a..b.com",
    "g".repeat(32),
    "a".repeat(33),
    "CVE-24-1",
    "AS4294967296",
    "https://",
    "javascript:alert(1)",
    "two words.com",
    `${"a".repeat(64)}.com`,
    `${"a.".repeat(130)}com`,
    "x".repeat(3000),
  ])("%j is nothing we know", (typed) => {
    expect(detect(typed)).toBeNull();
  });

  test("the value comes without its defanging", () => {
    expect(detect("hxxp://evil[.]example(.)com[/]x")).toEqual({ kind: "url", value: "http://evil.example.com/x" });
  });
});

describe("defanging", () => {
  test.each([
    ["203.0.113.42", "203[.]0[.]113[.]42"],
    ["https://evil.example.com/a.php", "hxxps://evil[.]example[.]com/a[.]php"],
    ["user@example.com", "user[at]example[.]com"],
    ["2001:db8::1", "2001:db8::1"],
    ["ftp://example.com/", "fxp://example[.]com/"],
  ])("%s becomes %s and back", (plain, harmless) => {
    expect(defang(plain)).toBe(harmless);
    expect(refang(harmless)).toBe(plain);
  });

  test.each([
    ["hxxps[:]//a[dot]b", "https://a.b"],
    ["h**p://a(dot)b", "http://a.b"],
    ["fxps://a.b", "ftps://a.b"],
    ["a dot b", "a.b"],
    ["a\\.b", "a.b"],
    ["a\u3002b", "a.b"],
    ["hxxpclub.com", "hxxpclub.com"],
  ])("%s is read as %s", (typed, plain) => {
    expect(refang(typed)).toBe(plain);
  });

  test("addresses in a text are made harmless, sentences are not", () => {
    expect(defangUrls("See https://a.example/x.php, or HTTP://b.example. Done.")).toBe(
      "See hxxps://a[.]example/x[.]php, or HXXP://b[.]example. Done.",
    );
    expect(defangUrls("version 3.5 of example")).toBe("version 3.5 of example");
  });
});
