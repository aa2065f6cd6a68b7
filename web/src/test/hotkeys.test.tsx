import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import { setHotkeysOn, useHotkeys } from "../lib/hotkeys";

const done: string[] = [];
const ACTIONS = { "g t": () => done.push("g t"), "?": () => done.push("?"), t: () => done.push("t") };

function Page() {
  useHotkeys(ACTIONS);
  return <input aria-label="field" />;
}

beforeEach(() => {
  done.length = 0;
  render(<Page />);
});

test.each([
  ["gt", ["g t"]],
  ["t", ["t"]],
  ["g?", ["?"]],
  ["gxt", ["t"]],
  ["{Control>}t{/Control}", []],
])("%s does %j", async (keys, expected) => {
  await userEvent.keyboard(keys);
  expect(done).toEqual(expected);
});

test("who types is left alone, and so is who switched them off", async () => {
  await userEvent.type(document.querySelector("input") as HTMLInputElement, "gt?");
  (document.activeElement as HTMLElement).blur();
  setHotkeysOn(false);
  await userEvent.keyboard("gt?");
  expect(done).toEqual([]);
});
