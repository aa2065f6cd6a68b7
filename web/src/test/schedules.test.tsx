import { screen } from "@testing-library/react";
import { describe, expect, test, vi } from "vitest";
import { reasonAgainst } from "../pages/scans/checking";
import { Meaning } from "../pages/scans/Meaning";
import { cronOf, rhythmOf } from "../pages/scans/rhythm";
import { scheduleTexts } from "../pages/scans/scheduleTexts";
import type { Preview } from "../pages/scans/search";
import { WhenFields } from "../pages/scans/WhenFields";
import { renderIn } from "./fixtures";

describe("when a schedule comes", () => {
  test.each([
    ["30 3 * * *", "day", "Every day at 03:30", "Cada día a las 03:30"],
    ["0 22 * * 1-5", "workdays", "Monday to Friday at 22:00", "De lunes a viernes a las 22:00"],
    ["5 4 * * 1", "week", "Every Monday at 04:05", "Cada lunes a las 04:05"],
    ["5 4 * * 0", "week", "Every Sunday at 04:05", "Cada domingo a las 04:05"],
    ["0 0 28 * *", "month", "On day 28 of each month at 00:00", "El día 28 de cada mes a las 00:00"],
  ])("%s is told in words, and written as it was", (cron, way, english, spanish) => {
    const rhythm = rhythmOf(cron);
    expect(rhythm.way).toBe(way);
    expect(cronOf(rhythm)).toBe(cron);
    expect(scheduleTexts.en.when(rhythm)).toBe(english);
    expect(scheduleTexts.es.when(rhythm)).toBe(spanish);
  });

  // The last day of some months, a day of the month or of the week, what is no time at all: words would be wrong.
  test.each(["*/15 * * * *", "0 3 31 * *", "0 3 1 * 1", "0 3 1 6 *", "60 3 * * *", "0 24 * * *", "0 3 0 * *", "x"])(
    "%s stays as it is written",
    (cron) => {
      const rhythm = rhythmOf(cron);
      expect([rhythm.way, cronOf(rhythm), scheduleTexts.en.when(rhythm)]).toEqual(["cron", cron, cron]);
    },
  );

  test("Sunday may be written as 7", () => {
    expect(rhythmOf("0 3 * * 7")).toEqual({ ...rhythmOf("0 3 * * 0"), cron: "0 3 * * 7" });
  });

  test("without a time there is nothing to ask for", () => {
    expect(cronOf({ ...rhythmOf("30 3 * * *"), time: "" })).toBe("");
  });
});

describe("the fields of when", () => {
  const shown = (cron: string) => {
    renderIn("es", <WhenFields rhythm={rhythmOf(cron)} onRhythm={vi.fn()} zone="Europe/Madrid" onZone={vi.fn()} />);
  };
  const field = (name: string) => screen.queryByLabelText<HTMLInputElement>(name, { exact: true });

  test("are those of the chosen way, and zones are suggested", () => {
    shown("15 4 * * 1");
    expect(field("A las")?.value).toBe("04:15");
    expect(screen.getByRole("button", { name: /lunes/ })).toBeTruthy();
    expect(field("Cron")).toBeNull();
    const zone = field("Zona horaria");
    const suggested = [...(zone?.list?.options ?? [])].map(({ value }) => value);
    expect(suggested.filter((one) => one === "UTC")).toHaveLength(1);
    expect(suggested).toContain("Europe/Madrid");
  });

  test("show cron as it is written, where it has no other form", () => {
    shown("*/20 8-18 * * 1-5");
    expect(field("Cron")?.value).toBe("*/20 8-18 * * 1-5");
    expect(field("A las")).toBeNull();
  });
});

describe("what a scan would do", () => {
  const meaning = (uncounted: string[]) => {
    const preview = { targets: ["10.1.0.7"], addresses: 1, ports: 2, connections_max: 60, estimated_duration: 1 };
    const shown = { ...preview, not_counted: uncounted, not_tested: [] } as unknown as Preview;
    renderIn("es", <Meaning preview={shown} />);
    return screen.getByText("Conexiones como mucho").parentElement?.textContent;
  };

  test.each([
    [[], "Conexiones como mucho60"],
    [
      ["oci://r.example/app:1"],
      "Conexiones como mucho60 Sin oci://r.example/app:1: cuánto hay que preguntar solo se sabe al preguntar.",
    ],
  ])("names what is not in its number: %j", (uncounted, told) => {
    expect(meaning(uncounted)).toBe(told);
  });
});

describe("targets that are checked", () => {
  const preview = (targets: number, refused: number) =>
    ({ targets: Array(targets).fill({}), refused: Array(refused).fill({}) }) as unknown as Preview;
  test.each([
    [[], undefined, false, "empty"],
    [["a"], undefined, false, "checking"],
    [["a"], preview(1, 0), true, "checking"],
    [["a", "b"], preview(1, 1), false, "refused"],
    [["a"], preview(0, 0), false, "refused"],
    [["a"], preview(1, 0), false, null],
  ] as const)("%j are kept from being asked for: %#", (targets, seen, isChecking, reason) => {
    expect(reasonAgainst(targets, seen, isChecking)).toBe(reason);
  });
});
