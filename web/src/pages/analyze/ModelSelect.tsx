/** The drop-down of models, filled from the server's allow-list. */

import { Check, ChevronDown } from "lucide-react";
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue, Text } from "react-aria-components";
import { useSpeech } from "../../i18n/language";
import { readKeys } from "../../lib/keys";
import { useHasKeys } from "../../lib/useHasKeys";
import type { ModelChoice } from "./useModels";

export function ModelSelect({ choice, isDisabled }: { choice: ModelChoice; isDisabled: boolean }) {
  const { texts } = useSpeech();
  const { models, modelId, choose } = choice;
  const placeholder = models === undefined ? texts.form.modelLoading : texts.form.modelServer;
  return (
    <Select
      className="field model-field"
      isDisabled={isDisabled || !models}
      value={models ? modelId : null}
      onChange={(id) => id !== null && choose(String(id))}
      placeholder={placeholder}
    >
      <Label className="field-label">{texts.form.model}</Label>
      <Button className="select-button">
        <SelectValue className="select-value">
          {({ selectedText, defaultChildren }) => selectedText ?? defaultChildren}
        </SelectValue>
        <ChevronDown aria-hidden size={16} />
      </Button>
      <KeyHint needsKey={models?.needsKey === true} />
      <Popover className="popover">
        <ListBox className="options" items={models?.models ?? []}>
          {({ id, label, provider }) => (
            <ListBoxItem id={id} textValue={label} className="option">
              <Check aria-hidden size={15} className="option-check" />
              <span>{label}</span>
              <span className="option-provider">{provider}</span>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}

/** Shown only while the text would be missed: the server has no key and neither has the user. */
function KeyHint({ needsKey }: { needsKey: boolean }) {
  const { texts } = useSpeech();
  const hasKeys = useHasKeys();
  const isMissing = needsKey && !(hasKeys && readKeys().openrouter !== "");
  return (
    <Text slot="description" className="field-hint">
      {isMissing ? texts.form.modelNeedsKey : "\u00a0"}
    </Text>
  );
}
