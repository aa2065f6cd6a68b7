/** Where in its life a threat stands. */

import { useTexts } from "../../i18n/texts";
import { StateTag } from "../../kit/Tags";
import type { Status } from "./search";
import { toneOf } from "./threat";
import { threatWords } from "./words";

export function StatusTag({ status }: { status: Status }) {
  return <StateTag tone={toneOf(status)}>{useTexts(threatWords).statuses[status]}</StateTag>;
}
