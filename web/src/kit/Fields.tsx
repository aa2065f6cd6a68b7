/** The fields of forms: each with its name above, its hint and its fault below. */

import { Check, ChevronDown } from "lucide-react";
import { type ReactNode, useId } from "react";
import {
  Button,
  Checkbox,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select,
  SelectValue,
  Text,
  TextArea,
  TextField,
  type TextFieldProps,
} from "react-aria-components";

interface WordFieldProps extends Omit<TextFieldProps, "children" | "className"> {
  label: string;
  hint?: ReactNode;
  placeholder?: string;
  /** Of a text that is longer than a line. */
  rows?: number;
  isMono?: boolean;
  /** What is often meant; anything else can be typed too. */
  suggestions?: readonly string[];
}

export function WordField({ label, hint, placeholder, rows, isMono = false, suggestions, ...props }: WordFieldProps) {
  const className = isMono ? "input mono" : "input";
  const listId = useId();
  return (
    <TextField {...props} className="field">
      <Label className="field-label">{label}</Label>
      {rows === undefined ? (
        <Input
          className={className}
          {...(placeholder === undefined ? {} : { placeholder })}
          {...(suggestions === undefined ? {} : { list: listId })}
        />
      ) : (
        <TextArea className={className} rows={rows} {...(placeholder === undefined ? {} : { placeholder })} />
      )}
      {hint === undefined ? null : (
        <Text slot="description" className="field-hint">
          {hint}
        </Text>
      )}
      <FieldError className="field-error" />
      {suggestions === undefined ? null : (
        <datalist id={listId}>
          {suggestions.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </TextField>
  );
}

interface Option<T extends string> {
  id: T;
  text: string;
  hint?: string;
}

interface PickProps<T extends string> {
  label: string;
  value: T;
  options: readonly Option<T>[];
  onChange: (id: T) => void;
  hint?: string;
  isDisabled?: boolean;
}

/** One of several, from a list that opens. */
export function Pick<T extends string>({ label, value, options, onChange, hint, isDisabled = false }: PickProps<T>) {
  return (
    <Select
      className="field"
      isDisabled={isDisabled}
      value={value}
      onChange={(id) => {
        const chosen = options.find((option) => option.id === id);
        if (chosen) onChange(chosen.id);
      }}
    >
      <Label className="field-label">{label}</Label>
      <Button className="select-button">
        <SelectValue className="select-value">
          {({ selectedText, defaultChildren }) => selectedText ?? defaultChildren}
        </SelectValue>
        <ChevronDown aria-hidden size={16} />
      </Button>
      {hint === undefined ? null : (
        <Text slot="description" className="field-hint">
          {hint}
        </Text>
      )}
      <Popover className="popover">
        <ListBox className="options" items={options}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.text} className="option">
              <Check aria-hidden size={15} className="option-check" />
              <span>{option.text}</span>
              {option.hint === undefined ? null : <span className="option-provider">{option.hint}</span>}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}

interface TickProps {
  isSelected: boolean;
  onChange: (isSelected: boolean) => void;
  isDisabled?: boolean;
  children: ReactNode;
}

export function Tick({ isSelected, onChange, isDisabled = false, children }: TickProps) {
  return (
    <Checkbox className="checkbox" isSelected={isSelected} onChange={onChange} isDisabled={isDisabled}>
      <span className="checkbox-box" aria-hidden />
      <span>{children}</span>
    </Checkbox>
  );
}
