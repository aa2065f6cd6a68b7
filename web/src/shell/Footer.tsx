/** Where the rest is: licences, shortcuts, and whether the service answers. */

import { useEffect, useState } from "react";
import { isHealthy } from "../api/client";
import { useSpeech } from "../i18n/language";
import { WordButton } from "../kit/Buttons";

export function Footer({ openShortcuts }: { openShortcuts: () => void }) {
  const { texts } = useSpeech();
  return (
    <footer className="footer">
      <div className="footer-inner">
        <Health />
        <nav className="footer-links" aria-label={texts.footer.label}>
          <a href="/licenses.md">{texts.footer.licences}</a>
          <WordButton variant="quiet" onPress={openShortcuts}>
            {texts.footer.shortcuts}
            <kbd aria-hidden>?</kbd>
          </WordButton>
        </nav>
      </div>
    </footer>
  );
}

function Health() {
  const { texts } = useSpeech();
  const [health, setHealth] = useState<"asking" | "healthy" | "unhealthy">("asking");
  useEffect(() => {
    const controller = new AbortController();
    void isHealthy(controller.signal).then((isUp) => {
      if (!controller.signal.aborted) setHealth(isUp ? "healthy" : "unhealthy");
    });
    return () => controller.abort();
  }, []);
  if (health === "asking") return <p className="health" />;
  return (
    <p className="health" data-health={health}>
      <span aria-hidden>{health === "healthy" ? "●" : "✕"}</span> {texts.footer[health]}
    </p>
  );
}
