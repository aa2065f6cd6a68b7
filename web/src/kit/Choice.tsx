/** One of a few, side by side. */

import { ToggleButton, ToggleButtonGroup } from "react-aria-components";

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly { id: T; text: string; fullText?: string; lang?: string }[];
  onChange: (id: T) => void;
}

export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <ToggleButtonGroup
      className="choice"
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={(keys) => {
        const chosen = options.find(({ id }) => keys.has(id));
        if (chosen) onChange(chosen.id);
      }}
    >
      {options.map(({ id, text, fullText, lang }) => (
        <ToggleButton key={id} id={id} className="choice-option" aria-label={fullText ?? text}>
          <span lang={lang}>{text}</span>
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
