/** The form: what to analyse, by which model, and what the text was recognised as. */

import { LoaderCircle, Search, Square, X } from "lucide-react";
import { type FormEvent, lazy, type RefObject, Suspense, useMemo } from "react";
import { Button, Input, Label, SearchField, Text } from "react-aria-components";
import { useSpeech } from "../../i18n/language";
import { WordButton } from "../../kit/Buttons";
import { type Detected, detect } from "../../lib/detect";
import { TypeChips } from "./TypeChips";
import type { ModelChoice } from "./useModels";

// The form can be typed into before its list of models, which waits for the server anyway, has arrived.
const ModelSelect = lazy(async () => ({ default: (await import("./ModelSelect")).ModelSelect }));

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
        <Suspense fallback={<ModelPlace />}>
          <ModelSelect choice={choice} isDisabled={isBusy} />
        </Suspense>
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

/** As large as what comes in its place, so that nothing moves. */
function ModelPlace() {
  const { texts } = useSpeech();
  return (
    <div className="field model-field" aria-hidden>
      <span className="field-label">{texts.form.model}</span>
      <span className="select-button" data-disabled>
        {texts.form.modelLoading}
      </span>
      <span className="field-hint">{"\u00a0"}</span>
    </div>
  );
}

function Recognition({ typed, detected }: { typed: string; detected: Detected | null }) {
  const { texts } = useSpeech();
  if (typed.trim() === "") return texts.form.hint;
  if (detected === null) return texts.form.notDetected;
  const kind = texts.kinds[detected.kind];
  return detected.value === typed.trim() ? texts.form.detected(kind) : texts.form.detectedAs(kind, detected.value);
}
