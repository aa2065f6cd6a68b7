/** The once-only sight of a key's secret, with a first call that uses it. */

import { useState } from "react";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { CopyButton, WordButton } from "../../../kit/Buttons";
import { Choice } from "../../../kit/Choice";
import { OnceDialog, OnceText } from "../../../kit/OnceDialog";
import { KeyBadges } from "./KeyTable";
import type { ShownKey } from "./keys";
import { LANGUAGES, masked, type SnippetLanguage, snippetOf } from "./snippets";
import { keyTexts } from "./texts";

export function SecretDialog({ shown, onStored }: { shown: ShownKey; onStored: () => void }) {
  const { formats } = useSpeech();
  const texts = useTexts(keyTexts).once;
  const end = shown.expires_at;
  return (
    <OnceDialog
      title={texts.title}
      lead={
        <>
          {texts.lead(shown.name)} <KeyBadges record={shown} />
        </>
      }
      onStored={onStored}
    >
      <OnceText
        label={texts.secret}
        text={shown.secret}
        hint={end === null ? texts.neverExpires : `${texts.expires}: ${formats.moment(end)}`}
      />
      <Example shown={shown} />
    </OnceDialog>
  );
}

function Example({ shown: { secret, hint } }: { shown: ShownKey }) {
  const texts = useTexts(keyTexts).once;
  const [language, setLanguage] = useState<SnippetLanguage>("curl");
  const [isRevealed, setRevealed] = useState(false);
  const snippet = (key: string) => snippetOf(language, window.location.origin, key);
  return (
    <section className="stack" aria-labelledby="example">
      <div className="section-head">
        <h3 id="example" className="field-label">
          {texts.example}
        </h3>
        <span className="grow" />
        <Choice
          label={texts.example}
          value={language}
          options={LANGUAGES.map((id) => ({ id, text: texts[id] }))}
          onChange={setLanguage}
        />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and who has no pointer scrolls it by keys */}
      <pre className="snippet" tabIndex={0} data-testid="example">
        {snippet(isRevealed ? secret : masked(secret, hint))}
      </pre>
      <div className="snippet-actions">
        <CopyButton text={snippet(secret)} label={texts.copyExample} />
        <WordButton variant="quiet" onPress={() => setRevealed(!isRevealed)}>
          {isRevealed ? texts.conceal : texts.reveal}
        </WordButton>
      </div>
    </section>
  );
}
