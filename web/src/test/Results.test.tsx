import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";
import { LanguageProvider } from "../i18n/language";
import Markdown from "../pages/analyze/Markdown";
import { Results } from "../pages/analyze/Results";
import { type Analysis, IDLE, reduce } from "../pages/analyze/state";
import { analysisAfter, META, renderIn, SCORE, SOURCE } from "./fixtures";

function show(analysis: Analysis) {
  const again = vi.fn();
  const openKeys = vi.fn();
  const onPick = vi.fn();
  renderIn("en", <Results analysis={analysis} again={again} openKeys={openKeys} onPick={onPick} />);
  return { again, openKeys, onPick };
}

const RICH: [string, unknown][] = [
  ["meta", META],
  ["source", SOURCE],
  ["score", SCORE],
];

describe("the results", () => {
  test("the cards stand before the first answer", () => {
    show(analysisAfter(["meta", META]));
    expect(screen.getAllByRole("heading", { level: 4 }).map(({ textContent }) => textContent)).toEqual([
      "VirusTotal",
      "AbuseIPDB",
    ]);
    expect(screen.getAllByText("Asking")).toHaveLength(2);
    expect(screen.getByText("0 of 2 answered")).toBeTruthy();
  });

  test("the heading takes the focus and names the indicator harmlessly", () => {
    show(analysisAfter(...RICH));
    const heading = screen.getByRole("heading", { name: /203\[\.\]0\[\.\]113\[\.\]42/ });
    expect(document.activeElement).toBe(heading);
  });

  test("verdict, score, range and account are shown, and the table says the same", async () => {
    show(analysisAfter(...RICH, ["done", {}]));
    expect(screen.getByText("Suspicious")).toBeTruthy();
    expect(screen.getByText("between 50 and 80")).toBeTruthy();
    expect(screen.getByText("14 engines call it malicious")).toBeTruthy();
    expect(screen.getByText("AbuseIPDB was not asked.")).toBeTruthy();
    await userEvent.click(screen.getByRole("radio", { name: "Table" }));
    const rows = within(screen.getByRole("table")).getAllByRole("row");
    expect(rows[1]?.textContent).toContain("\u22122.20");
    expect(rows[2]?.textContent).toContain("+2.79");
    expect(rows[2]?.textContent).toContain("data.malicious14Nov 2, 2026");
    expect(screen.getByText("+0.59")).toBeTruthy();
  });

  test("a card opens to facts, evidence with its points, related indicators and the raw answer", async () => {
    const { onPick } = show(analysisAfter(...RICH, ["done", {}]));
    await userEvent.click(screen.getByRole("button", { name: "Details of VirusTotal" }));
    expect(screen.getByText("data.malicious = 14")).toBeTruthy();
    expect(screen.getByText("Reports are old.")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Put evil[.]example[.]com into the field" }));
    expect(onPick).toHaveBeenCalledWith("evil.example.com");
    await userEvent.click(screen.getByRole("button", { name: "Raw answer (JSON)" }));
    expect(screen.getByText(/"malicious": 14/)).toBeTruthy();
  });

  test("a source that never answered says so at the end", () => {
    show(analysisAfter(...RICH, ["done", {}]));
    expect(screen.getByText("No answer arrived")).toBeTruthy();
  });

  test("warnings stand in two lines", () => {
    show(
      analysisAfter(
        ["meta", META],
        ["warning", { source: "VirusTotal", message: "m", reason: "invalid_api_key", outcome: "bad_key" }],
        ["warning", { source: "PolySwarm", message: "m", reason: "invalid_api_key", outcome: "no_key" }],
        ["warning", { source: "RDAP", message: "m", reason: "api_unavailable", outcome: "timeout" }],
      ),
    );
    const box = screen.getByRole("region", { name: "Warnings" });
    const lines = [...box.querySelectorAll(".warning-line")].map(({ textContent }) => textContent);
    expect(lines).toEqual(["Missing or invalid key: VirusTotal, PolySwarm (no key)", "Without data: RDAP"]);
  });

  test("unknown comes with next steps", async () => {
    const none = { ...SOURCE, outcome: "no_key", state: "skipped", evidence: [], document: null };
    const { openKeys } = show(
      analysisAfter(
        ["meta", META],
        ["source", none],
        ["score", { ...SCORE, verdict: "unknown", terms: [] }],
        ["done", {}],
      ),
    );
    expect(screen.getByText("0 of 2 sources knew this indicator.")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Add keys" }));
    expect(openKeys).toHaveBeenCalled();
  });

  test("a vulnerability shows its priority and no account", () => {
    const priority = { is_known_exploited: true, exploit_probability: 0.94, cvss: null };
    show(
      analysisAfter(["meta", { ...META, kind: "cve" }], ["score", { ...SCORE, score: null, priority }], ["done", {}]),
    );
    expect(screen.getByText("Severity: medium")).toBeTruthy();
    expect(screen.getByText("94%")).toBeTruthy();
    expect(screen.queryByText("Why this score")).toBeNull();
  });

  test("the plain stream shows its text without empty panels", () => {
    show(analysisAfter(["meta", { ioc: "example.com", type: "domain", model: "m" }], ["done", {}]));
    expect(screen.getByText("The model was not asked: no source had data.")).toBeTruthy();
    expect(screen.queryByText("Sources")).toBeNull();
    expect(screen.queryByText("Why this score")).toBeNull();
  });

  test("no model configured is an offer, not an error", async () => {
    const { openKeys } = show(
      analysisAfter(...RICH, ["warning", { source: "AI", reason: "not_configured" }], ["done", {}]),
    );
    await userEvent.click(screen.getByRole("button", { name: "Add a key" }));
    expect(openKeys).toHaveBeenCalled();
    expect(screen.queryByRole("alert")).toBeNull();
    expect(screen.queryByRole("region", { name: "Warnings" })).toBeNull();
  });

  test("a failing model leaves the score alone and keeps the server's words under details", async () => {
    const { again } = show(analysisAfter(...RICH, ["error", { error: "roto", stage: "ai", errorType: "model_error" }]));
    const alert = screen.getByRole("alert");
    expect(alert.textContent).toContain("The chosen model failed. Another model may work.");
    expect(alert.textContent).toContain("Sources and score above are not affected.");
    expect(alert.textContent).not.toContain("roto");
    await userEvent.click(within(alert).getByRole("button", { name: "Details from the server" }));
    expect(alert.textContent).toContain("roto");
    await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(again).toHaveBeenCalled();
  });

  test.each([
    [{ where: "network" }, "The server cannot be reached."],
    [{ where: "request", code: "unknown_observable" }, "This is no address"],
    [{ where: "request", code: "missing_ioc" }, "There is nothing to analyse."],
    [{ where: "limit", seconds: 12 }, "Try again in 12 seconds"],
    [{ where: "ioc", errorType: "invalid_api_key" }, "at least one rejected its key"],
    [{ where: "unknown", errorType: "unknown" }, "Something unforeseen happened"],
  ])("an error before the stream is a red box: %j", (failure, text) => {
    const started = reduce(IDLE, { step: "start", asked: "x", at: 0 });
    show({ ...started, phase: "error", failure: { serverText: "", ...failure } as Analysis["failure"] });
    expect(screen.getByRole("alert").textContent).toContain(text);
    expect(screen.queryByText("Sources")).toBeNull();
  });

  test("the model's disagreement is said in words", () => {
    const narrative = { verdict: "benign", confidence: "high" };
    show(analysisAfter(...RICH, ["chunk", { content: "x" }], ["done", { narrative, disagrees: true }]));
    expect(screen.getByText(/it says Benign, the score says Suspicious/)).toBeTruthy();
    expect(screen.getByText(/Written by openrouter\/free. It may be wrong./)).toBeTruthy();
  });

  test("stopping keeps what had arrived and calls it incomplete", () => {
    const partial = analysisAfter(["meta", META], ["score", { ...SCORE, final: false }]);
    show(reduce(partial, { step: "stop" }));
    expect(screen.getByText(/You stopped this analysis/)).toBeTruthy();
    expect(screen.getByText("incomplete")).toBeTruthy();
  });
});

describe("the model's text", () => {
  const HOSTILE = [
    "**Verdict:** see https://evil.example.com/x and 203.0.113.42",
    "<script>window.pwned = 1</script><img src=x onerror=alert(1)>",
    "[click](javascript:alert(1)) [data](data:text/html,x) [plain](http://a.example) [good](https://good.example/p)",
    "![picture](https://tracker.example/p.png)",
  ].join("\n\n");

  test("it becomes text: no script, no picture, no live address but named https ones", () => {
    const { container } = render(
      <LanguageProvider>
        <Markdown text={HOSTILE} raw="203.0.113.42" shown="203[.]0[.]113[.]42" />
      </LanguageProvider>,
    );
    expect(container.querySelectorAll("script, img, iframe, object, form")).toHaveLength(0);
    const links = [...container.querySelectorAll("a")];
    expect(links.map(({ href }) => href)).toEqual(["https://good.example/p"]);
    expect(links[0]?.textContent).toBe("[open good.example]");
    expect(links[0]?.rel).toContain("noopener");
    expect(container.textContent).toContain("hxxps://evil[.]example[.]com/x and 203[.]0[.]113[.]42");
    expect(container.querySelector("strong")?.textContent).toBe("Verdict:");
  });

  test("its structure is kept, and what nobody would write is shown as it came", () => {
    const show = (text: string) =>
      render(
        <LanguageProvider>
          <Markdown text={text} raw="" shown="" />
        </LanguageProvider>,
      ).container;
    const text =
      "# One\n\n3. a *b*\n4. `x<y` &amp; <b>c</b>\n\n> said\n\n---\n```\n<i>\n```\n[a<https://c.example>](http://x)";
    const html = show(text).innerHTML;
    expect(html).toContain("<h4>One</h4>");
    expect(html).toContain('<ol start="3"><li>a <em>b</em></li><li><code>x&lt;y</code> &amp; c</li></ol>');
    expect(html).toContain("<blockquote><p>said</p></blockquote><hr><pre><code>&lt;i&gt;</code></pre>");
    expect(show(">".repeat(20_000)).textContent).toHaveLength(20_000);
  });
});
