import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { WorkButton } from "../kit/Buttons";

test("a button keeps the focus while its work goes on, says so and does nothing more", async () => {
  const work = vi.fn();
  const shown = (isBusy: boolean) => (
    <WorkButton isBusy={isBusy} onPress={work}>
      Finish
    </WorkButton>
  );
  const { rerender } = render(shown(false));
  const button = screen.getByRole("button", { name: "Finish" });
  await userEvent.click(button);
  rerender(shown(true));
  await userEvent.keyboard("{Enter}");
  expect([work.mock.calls.length, document.activeElement, button.getAttribute("aria-disabled")]).toEqual([
    1,
    button,
    "true",
  ]);
  rerender(shown(false));
  await userEvent.keyboard("{Enter}");
  expect([work.mock.calls.length, button.hasAttribute("aria-disabled")]).toEqual([2, false]);
});
