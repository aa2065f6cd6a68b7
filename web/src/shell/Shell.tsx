/** The frame around every page: skip link, header, side bar for who has signed in, dialogs, footer. */

import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useSpeech } from "../i18n/language";
import { useHotkeys } from "../lib/hotkeys";
import { useSession } from "../session/session";
import { Footer } from "./Footer";
import { Header } from "./Header";
import { visibleItems } from "./navigation";
import { SideBar } from "./SideBar";
import { DialogContext, type DialogName } from "./useDialogs";

const KeyDialog = lazy(async () => ({ default: (await import("../pages/analyze/KeyDialog")).KeyDialog }));
const ShortcutDialog = lazy(async () => ({ default: (await import("./ShortcutDialog")).ShortcutDialog }));
const loadPalette = async () => ({ default: (await import("./Palette")).Palette });
const Palette = lazy(loadPalette);

const PALETTE_AFTER_MILLISECONDS = 1500;

export function Shell() {
  const { texts } = useSpeech();
  const session = useSession();
  const [open, setOpen] = useState<DialogName | null>(null);
  const openDialog = useCallback((name: DialogName) => setOpen(name), []);
  useShellHotkeys(openDialog);
  useFocusOnNewPage();
  useEffect(() => {
    // Before it is asked for: what is typed right after Ctrl K must not be lost.
    const load = () => void loadPalette().catch(() => undefined); // it is loaded again when it is asked for
    const timer = window.setTimeout(load, PALETTE_AFTER_MILLISECONDS);
    return () => window.clearTimeout(timer);
  }, []);
  const state = (name: DialogName) => ({
    isOpen: open === name,
    onOpenChange: (isOpen: boolean) => setOpen(isOpen ? name : null),
  });
  return (
    <DialogContext value={openDialog}>
      <a className="skip-link" href="#content">
        {texts.skipToContent}
      </a>
      <Header />
      <div className={session ? "frame frame-inside" : "frame"}>
        {session ? <SideBar session={session} /> : null}
        <main id="content" tabIndex={-1} className="page">
          <Outlet />
        </main>
      </div>
      <Footer openShortcuts={() => setOpen("shortcuts")} />
      <Suspense>
        {open === "keys" ? <KeyDialog {...state("keys")} /> : null}
        {open === "shortcuts" ? <ShortcutDialog {...state("shortcuts")} /> : null}
        {open === "palette" ? <Palette {...state("palette")} /> : null}
      </Suspense>
    </DialogContext>
  );
}

function useShellHotkeys(openDialog: (name: DialogName) => void): void {
  const session = useSession();
  const navigate = useNavigate();
  useHotkeys(
    useMemo(() => {
      const ways = visibleItems(session).map(
        ({ hotkey, path }) => [hotkey, () => void navigate({ to: path })] as const,
      );
      return Object.fromEntries([...ways, ["?", () => openDialog("shortcuts")]]);
    }, [session, navigate, openDialog]),
  );
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      openDialog("palette");
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [openDialog]);
}

/** Who walks by keyboard or ear begins at the heading of the new page, not where the old one ended. */
function useFocusOnNewPage(): void {
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const last = useRef<string | undefined>(undefined);
  useEffect(() => {
    const isNew = last.current !== undefined && path !== undefined && last.current !== path;
    last.current = path ?? last.current;
    return isNew ? focusHeading() : undefined;
  }, [path]);
}

const HEADING_MILLISECONDS = 5000;

/** Focuses the heading once the old page is gone, and again where what arrives from the server brings another one. */
function focusHeading(): () => void {
  const main = document.getElementById("content");
  const focus = () => {
    const heading = main?.querySelector<HTMLElement>("h1");
    // A field of the new page that took the focus keeps it; a row of the old page goes with its page.
    if (!heading || main?.contains(document.activeElement)) return;
    heading.setAttribute("tabindex", "-1");
    heading.focus();
  };
  // Until the time is over: the first heading may belong to the old page, hidden, or to one that is still loading.
  const observer = new MutationObserver(focus);
  if (main !== null) observer.observe(main, { childList: true, subtree: true });
  focus();
  const timer = window.setTimeout(() => observer.disconnect(), HEADING_MILLISECONDS);
  return () => {
    window.clearTimeout(timer);
    observer.disconnect();
  };
}
