/** The name of what is about to end for good, typed to the letter by who ends it. */

import { WordField } from "./Fields";

interface TypedNameProps {
  label: string;
  /** Said as soon as what is typed cannot become the name any more. */
  mismatch: string;
  name: string;
  typed: string;
  onChange: (typed: string) => void;
}

export function TypedName({ label, mismatch, name, typed, onChange }: TypedNameProps) {
  const isElsewhere = typed !== "" && !name.startsWith(typed.trim());
  return (
    <WordField
      label={label}
      value={typed}
      onChange={onChange}
      autoComplete="off"
      isMono
      autoFocus
      {...(isElsewhere ? { hint: mismatch } : {})}
    />
  );
}
