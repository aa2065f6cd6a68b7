/** The dialog for the user's own source keys. Nothing is kept unless it is saved. */

import { useId, useState } from "react";
import { Button, Checkbox, FieldError, Form, Input, Label, Text, TextField } from "react-aria-components";
import { useSpeech } from "../../i18n/language";
import { WordButton } from "../../kit/Buttons";
import { Overlay } from "../../kit/Overlay";
import { areForThisTab, clearKeys, isSendable, KEY_OWNERS, type KeyOwner, readKeys, saveKeys } from "../../lib/keys";

const NAMES: Record<KeyOwner, string> = {
  openrouter: "OpenRouter",
  virustotal: "VirusTotal",
  abuseipdb: "AbuseIPDB",
  polyswarm: "PolySwarm",
};

interface KeyDialogProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

export function KeyDialog({ isOpen, onOpenChange }: KeyDialogProps) {
  const { texts } = useSpeech();
  return (
    <Overlay title={texts.keys.title} isOpen={isOpen} onOpenChange={onOpenChange}>
      <KeyForm close={() => onOpenChange(false)} />
    </Overlay>
  );
}

/** Mounted anew each time the dialog opens, so that it always shows what is stored, masked. */
function KeyForm({ close }: { close: () => void }) {
  const { texts } = useSpeech();
  const [keys, setKeys] = useState(readKeys);
  const [isForThisTab, setForThisTab] = useState(areForThisTab);
  const [isRefused, setRefused] = useState(false);
  const areSendable = KEY_OWNERS.every((owner) => isSendable(keys[owner].trim()));
  const finish = (isSaved: boolean) => (isSaved ? close() : setRefused(true));
  return (
    <Form
      className="dialog-form"
      validationBehavior="aria"
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        if (areSendable) finish(saveKeys(keys, isForThisTab));
      }}
    >
      <div className="dialog-body">
        <p className="dialog-lead">{texts.keys.lead}</p>
        {KEY_OWNERS.map((owner) => (
          <KeyField
            key={owner}
            owner={owner}
            value={keys[owner]}
            onChange={(value) => setKeys((before) => ({ ...before, [owner]: value }))}
          />
        ))}
        <Checkbox className="checkbox" isSelected={isForThisTab} onChange={setForThisTab}>
          <span className="checkbox-box" aria-hidden />
          <span>
            {texts.keys.thisTab} <span className="muted">{texts.keys.thisTabHint}</span>
          </span>
        </Checkbox>
        {isRefused ? (
          <p className="field-error" role="alert">
            {texts.keys.notSaved}
          </p>
        ) : null}
      </div>
      <footer className="dialog-foot">
        <WordButton variant="quiet" onPress={() => finish(clearKeys())}>
          {texts.keys.clearAll}
        </WordButton>
        <span className="grow" />
        <WordButton onPress={close}>{texts.keys.cancel}</WordButton>
        <WordButton variant="primary" type="submit">
          {texts.keys.save}
        </WordButton>
      </footer>
    </Form>
  );
}

interface KeyFieldProps {
  owner: KeyOwner;
  value: string;
  onChange: (value: string) => void;
}

function KeyField({ owner, value, onChange }: KeyFieldProps) {
  const { texts } = useSpeech();
  const [isShown, setShown] = useState(false);
  const labelId = useId();
  return (
    <TextField
      className="field"
      type={isShown ? "text" : "password"}
      value={value}
      onChange={onChange}
      isInvalid={!isSendable(value.trim())}
      autoComplete="off"
    >
      <Label id={labelId} className="field-label">
        {NAMES[owner]}
      </Label>
      <div className="field-row">
        <Input className="input mono" spellCheck="false" autoCapitalize="off" data-1p-ignore data-lpignore="true" />
        <Button className="button button-quiet" aria-describedby={labelId} onPress={() => setShown(!isShown)}>
          {isShown ? texts.keys.hide : texts.keys.show}
        </Button>
      </div>
      <Text slot="description" className="field-hint">
        {texts.keys.hints[owner]}
      </Text>
      <FieldError className="field-error">{texts.keys.notSendable}</FieldError>
    </TextField>
  );
}
