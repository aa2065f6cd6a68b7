/** The two secrets of a key that is being rotated, and how long the old one has, by the server's clock. */

import { useTexts } from "../../../i18n/texts";
import { StateTag } from "../../../kit/Tags";
import { useNow } from "../../../kit/Times";
import { useWhoami } from "../../../session/clock";
import { type Key, timeUntil } from "./keys";
import { keyTexts } from "./texts";

const STEP_MILLISECONDS = 5_000;

export function SecretChips({ record: { secrets } }: { record: Key }) {
  const texts = useTexts(keyTexts).rotation;
  const now = useNow(STEP_MILLISECONDS);
  const whoami = useWhoami();
  return (
    <span className="chips-line">
      {secrets.map(({ hint, is_old, ends_at }) =>
        is_old ? (
          <StateTag key={hint} tone="warn">
            {`${texts.old(endOf(hint))}${ends_at === null || whoami === undefined ? "" : ` · ${said(ends_at, now, whoami.ahead, texts)}`}`}
          </StateTag>
        ) : (
          <StateTag key={hint} tone="good">
            {texts.fresh(endOf(hint))}
          </StateTag>
        ),
      )}
    </span>
  );
}

const endOf = (hint: string): string => `…${hint.split("…").at(-1) ?? ""}`;

function said(at: string, now: number, ahead: number, texts: (typeof keyTexts)["en"]["rotation"]): string {
  const left = timeUntil(at, now, ahead);
  if (left === null) return texts.ending;
  const minutes = String(left.minutes);
  return texts.endsIn(left.hours > 0 ? texts.hoursMinutes(String(left.hours), minutes) : texts.minutes(minutes));
}
