/** When a key ends: after so many days, on a day, or never. */

import { useTexts } from "../../../i18n/texts";
import { Pick, WordField } from "../../../kit/Fields";
import { EXPIRIES, type Expiry } from "./keys";
import { keyTexts } from "./texts";

export interface ExpiryWish<T extends string = Expiry> {
  choice: T;
  /** As `2027-01-31`, where a day was chosen. */
  day: string;
}

interface ExpiryFieldsProps<T extends string> {
  wish: ExpiryWish<T | Expiry>;
  onChange: (wish: ExpiryWish<T | Expiry>) => void;
  /** Choices before the usual ones. */
  first?: readonly { id: T; text: string }[];
}

export function ExpiryFields<T extends string = never>({ wish, onChange, first = [] }: ExpiryFieldsProps<T>) {
  const texts = useTexts(keyTexts).form;
  return (
    <>
      <Pick<T | Expiry>
        label={texts.expiry}
        value={wish.choice}
        options={[...first, ...EXPIRIES.map((id) => ({ id, text: texts.expiries[id] }))]}
        onChange={(choice) => onChange({ ...wish, choice })}
        {...(wish.choice === "none" ? { hint: texts.noneHint } : {})}
      />
      {wish.choice === "custom" ? (
        <WordField
          label={texts.day}
          type="date"
          value={wish.day}
          onChange={(day) => onChange({ ...wish, day })}
          isRequired
        />
      ) : null}
    </>
  );
}
