/** Some of several, from a list that opens; none chosen means any. */

import { Check, ChevronDown } from "lucide-react";
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";

interface ManyPickProps<T extends string> {
  label: string;
  /** What is shown while nothing is chosen. */
  any: string;
  chosen: readonly T[];
  options: readonly { id: T; text: string }[];
  onChange: (chosen: T[]) => void;
}

export function ManyPick<T extends string>({ label, any, chosen, options, onChange }: ManyPickProps<T>) {
  return (
    <Select
      className="field"
      selectionMode="multiple"
      placeholder={any}
      value={[...chosen]}
      onChange={(keys) => onChange(options.map(({ id }) => id).filter((id) => keys.includes(id)))}
    >
      <Label className="field-label">{label}</Label>
      <Button className="select-button">
        <SelectValue className="select-value">
          {({ isPlaceholder }) =>
            isPlaceholder
              ? any
              : options
                  .filter(({ id }) => chosen.includes(id))
                  .map(({ text }) => text)
                  .join(", ")
          }
        </SelectValue>
        <ChevronDown aria-hidden size={16} />
      </Button>
      <Popover className="popover">
        <ListBox className="options" items={options}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.text} className="option">
              <Check aria-hidden size={15} className="option-check" />
              <span>{option.text}</span>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
