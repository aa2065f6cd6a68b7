/** Product name, language, theme and, in the top right corner, the key icon. */

import { KeyRound, Monitor, Moon, Sun } from "lucide-react";
import { useState } from "react";
import { LANGUAGES, useSpeech } from "./i18n/language";
import { IconButton } from "./kit/Buttons";
import { Choice } from "./kit/Choice";
import { Logo } from "./kit/Logo";
import { applyTheme, nextTheme, storedTheme, type Theme } from "./lib/theme";
import { useHasKeys } from "./lib/useHasKeys";

const NAMES = { es: "Español", en: "English" };
const THEME_ICON = { system: Monitor, light: Sun, dark: Moon };

export function Header({ openKeys }: { openKeys: () => void }) {
  const { texts, language, setLanguage } = useSpeech();
  return (
    <header className="header">
      <div className="header-inner">
        <a className="brand" href="/">
          <Logo />
          CyberVault
        </a>
        <div className="header-tools">
          <Choice
            label={texts.header.language}
            value={language}
            onChange={setLanguage}
            options={LANGUAGES.map((id) => ({ id, text: id.toUpperCase(), fullText: NAMES[id], lang: id }))}
          />
          <ThemeButton />
          <KeyButton onPress={openKeys} />
        </div>
      </div>
    </header>
  );
}

function ThemeButton() {
  const { texts } = useSpeech();
  const [theme, setTheme] = useState<Theme>(storedTheme);
  const Icon = THEME_ICON[theme];
  const change = () => {
    const next = nextTheme(theme);
    applyTheme(next);
    setTheme(next);
  };
  return (
    <IconButton label={texts.header.theme[theme]} onPress={change}>
      <Icon aria-hidden size={18} />
    </IconButton>
  );
}

function KeyButton({ onPress }: { onPress: () => void }) {
  const { texts } = useSpeech();
  const hasKeys = useHasKeys();
  return (
    <span className="key-button">
      <IconButton label={texts.header.keys} onPress={onPress} {...(hasKeys ? { "aria-describedby": "keys-set" } : {})}>
        <KeyRound aria-hidden size={18} />
      </IconButton>
      {hasKeys ? (
        <span className="key-dot" data-testid="keys-dot">
          <span id="keys-set" className="visually-hidden">
            {texts.header.keysAreSet}
          </span>
        </span>
      ) : null}
    </span>
  );
}
