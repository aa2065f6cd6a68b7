/** The frame around every page: skip link, header, dialogs, footer. */

import { useCallback, useMemo, useState } from "react";
import { CrashGuard } from "./CrashGuard";
import { Footer } from "./Footer";
import { Header } from "./Header";
import { LanguageProvider, useSpeech } from "./i18n/language";
import { useHotkeys } from "./lib/hotkeys";
import { AnalyzePage } from "./pages/analyze/AnalyzePage";
import { KeyDialog } from "./pages/analyze/KeyDialog";
import { ShortcutDialog } from "./ShortcutDialog";

export function App() {
  return (
    <LanguageProvider>
      <CrashGuard>
        <Shell />
      </CrashGuard>
    </LanguageProvider>
  );
}

function Shell() {
  const { texts } = useSpeech();
  const [open, setOpen] = useState<"keys" | "shortcuts" | null>(null);
  const openKeys = useCallback(() => setOpen("keys"), []);
  useHotkeys(useMemo(() => ({ "?": () => setOpen("shortcuts") }), []));
  return (
    <>
      <a className="skip-link" href="#content">
        {texts.skipToContent}
      </a>
      <Header openKeys={openKeys} />
      <main id="content" tabIndex={-1} className="page">
        <AnalyzePage openKeys={openKeys} />
      </main>
      <Footer openShortcuts={() => setOpen("shortcuts")} />
      <KeyDialog isOpen={open === "keys"} onOpenChange={(isOpen) => setOpen(isOpen ? "keys" : null)} />
      <ShortcutDialog isOpen={open === "shortcuts"} onOpenChange={(isOpen) => setOpen(isOpen ? "shortcuts" : null)} />
    </>
  );
}
