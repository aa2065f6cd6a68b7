/** The form: what to analyse, by which model, and what the text was recognised as. */

import { LoaderCircle, Search, Square, X } from "lucide-react";
import { type FormEvent, type RefObject, useMemo } from "react";
import { Button, Input, Label, SearchField, Text } from "react-aria-components";
import { useSpeech } from "../../i18n/language";
import { WordButton } from "../../kit/Buttons";
import { type Detected, detect } from "../../lib/detect";
import { ModelSelect } from "./ModelSelect";
import { TypeChips } from "./TypeChips";
import type { ModelChoice } from "./useModels";

interface AnalyzeFormProps {
  fieldRef: RefObject<HTMLInputElement | null>;
  typed: string;
  onType: (typed: string) => void;
  onSubmit: () => void;
  onStop: () => void;
  isBusy: boolean;
  choice: ModelChoice;
}

export function AnalyzeForm({ fieldRef, typed, onType, onSubmit, onStop, isBusy, choice }: AnalyzeFormProps) {
  const { texts } = useSpeech();
  const detected = useMemo(() => detect(typed), [typed]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isBusy) onSubmit();
  };
  return (
    <form className="analyze-form" onSubmit={submit}>
      <h1 className="analyze-title">{texts.form.heading}</h1>
      <p className="analyze-lead">{texts.form.lead}</p>
      <div className="analyze-row">
        <SearchField className="field ioc-field" value={typed} onChange={onType} maxLength={2048}>
          <Label className="field-label">{texts.form.field}</Label>
          <div className="ioc-input">
            <Search aria-hidden size={18} className="ioc-icon" />
            <Input
              ref={fieldRef}
              className="input mono"
              placeholder={texts.form.placeholder}
              autoComplete="off"
              autoCapitalize="off"
              spellCheck="false"
            />
            <Button className="ioc-clear" aria-label={texts.form.clear}>
              <X aria-hidden size={16} />
            </Button>
          </div>
          <Text slot="description" className="field-hint">
            <Recognition typed={typed} detected={detected} />
          </Text>
        </SearchField>
        <ModelSelect choice={choice} isDisabled={isBusy} />
        <div className="analyze-actions">
          <WordButton variant="primary" type="submit" isDisabled={isBusy}>
            {isBusy ? <LoaderCircle aria-hidden size={17} className="spin" /> : null}
            {isBusy ? texts.form.busy : texts.form.start}
          </WordButton>
          {isBusy ? (
            <WordButton onPress={onStop}>
              <Square aria-hidden size={13} />
              {texts.form.stop}
            </WordButton>
          ) : null}
        </div>
      </div>
      <TypeChips detected={detected?.kind ?? null} />
    </form>
  );
}

function Recognition({ typed, detected }: { typed: string; detected: Detected | null }) {
  const { texts } = useSpeech();
  if (typed.trim() === "") return texts.form.hint;
  if (detected === null) return texts.form.notDetected;
  const kind = texts.kinds[detected.kind];
  return detected.value === typed.trim() ? texts.form.detected(kind) : texts.form.detectedAs(kind, detected.value);
}
