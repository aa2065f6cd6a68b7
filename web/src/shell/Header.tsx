/** Product name, the way to everything, language, theme, the key icon, and the account. */

import { Link } from "@tanstack/react-router";
import { KeyRound, LogIn, Monitor, Moon, Search, Sun } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Button } from "react-aria-components";
import { LANGUAGES, useSpeech } from "../i18n/language";
import { IconButton } from "../kit/Buttons";
import { Choice } from "../kit/Choice";
import { Logo } from "../kit/Logo";
import { applyTheme, nextTheme, storedTheme, type Theme } from "../lib/theme";
import { useHasKeys } from "../lib/useHasKeys";
import { useSession } from "../session/session";
import { useOpenDialog } from "./useDialogs";

const AccountMenu = lazy(async () => ({ default: (await import("./AccountMenu")).AccountMenu }));

const NAMES = { es: "Español", en: "English" };
const THEME_ICON = { system: Monitor, light: Sun, dark: Moon };

export function Header() {
  const { texts, language, setLanguage } = useSpeech();
  const openDialog = useOpenDialog();
  return (
    <header className="header">
      <div className="header-inner">
        <Link className="brand" to="/">
          <Logo />
          <span className="brand-name">CyberVault</span>
        </Link>
        <div className="header-tools">
          <PaletteButton onPress={() => openDialog("palette")} />
          <Choice
            label={texts.header.language}
            value={language}
            onChange={setLanguage}
            options={LANGUAGES.map((id) => ({ id, text: id.toUpperCase(), fullText: NAMES[id], lang: id }))}
          />
          <ThemeButton />
          <Account />
          <KeyButton onPress={() => openDialog("keys")} />
        </div>
      </div>
    </header>
  );
}

/** For visitors the way in. */
function Account() {
  const { texts } = useSpeech();
  const session = useSession();
  if (session === undefined) return null;
  return session === null ? (
    <Link className="button button-quiet sign-in-link" to="/sign-in">
      <LogIn aria-hidden size={17} />
      <span>{texts.accountMenu.signIn}</span>
    </Link>
  ) : (
    <Suspense fallback={<span className="icon-button" />}>
      <AccountMenu session={session} />
    </Suspense>
  );
}

function PaletteButton({ onPress }: { onPress: () => void }) {
  const { texts } = useSpeech();
  return (
    <Button className="palette-button" onPress={onPress}>
      <Search aria-hidden size={16} />
      <span className="palette-button-text">{texts.shell.search}</span>
      <kbd>Ctrl K</kbd>
    </Button>
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
