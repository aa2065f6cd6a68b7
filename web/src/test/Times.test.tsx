import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LanguageProvider } from "../i18n/language";
import { Moment } from "../kit/Times";
import { writeItem } from "../lib/storage";

const NOON = Date.parse("2026-03-01T12:00:00Z");

beforeEach(() => {
  writeItem("cybervault:language", "en");
  vi.useFakeTimers({ now: NOON });
});
afterEach(() => vi.useRealTimers());

function page(at: string) {
  return (
    <LanguageProvider>
      <Moment at={at} />
    </LanguageProvider>
  );
}

test("what has just happened on an open page is now, and what is to come stays so", () => {
  const { rerender } = render(page("2026-03-01T11:59:00Z"));
  expect(screen.getByText("1 minute ago")).toBeTruthy();
  act(() => vi.advanceTimersByTime(20_000)); // less than the page's own clock steps
  rerender(page("2026-03-01T12:00:20Z"));
  expect(screen.getByText("now")).toBeTruthy();
  rerender(page("2026-03-01T12:01:20Z"));
  expect(screen.getByText("in 1 minute")).toBeTruthy();
  rerender(page("soon"));
  expect(screen.getByText("soon")).toBeTruthy();
});
