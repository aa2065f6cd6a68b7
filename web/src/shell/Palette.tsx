/** The command palette: pages, actions, what was looked at last, and any indicator that is pasted into it. */

import { useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import {
  Autocomplete,
  Dialog,
  Header,
  Input,
  Menu,
  MenuItem,
  MenuSection,
  Modal,
  ModalOverlay,
  SearchField,
  useFilter,
} from "react-aria-components";
import { LANGUAGES, useSpeech } from "../i18n/language";
import { defang } from "../lib/defang";
import { detect, type Kind } from "../lib/detect";
import { readRecent } from "../lib/recent";
import { applyTheme } from "../lib/theme";
import { can, useSession } from "../session/session";
import { useSignOut } from "../session/signOut";
import { visibleItems } from "./navigation";
import { useOpenDialog } from "./useDialogs";

interface PaletteProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

interface Command {
  id: string;
  text: string;
  hint?: string;
  run: () => void;
}

const RECENT_SHOWN = 5;

export function Palette({ isOpen, onOpenChange }: PaletteProps) {
  const { texts } = useSpeech();
  return (
    <ModalOverlay className="overlay overlay-top" isDismissable isOpen={isOpen} onOpenChange={onOpenChange}>
      <Modal className="modal palette">
        <Dialog className="dialog" aria-label={texts.palette.title}>
          <Commands close={() => onOpenChange(false)} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Commands({ close }: { close: () => void }) {
  const { texts } = useSpeech();
  const [typed, setTyped] = useState("");
  const { contains } = useFilter({ sensitivity: "base" });
  const groups = useCommands(typed);
  const found = groups
    .map(({ title, commands, isAlways }) => ({
      title,
      commands: isAlways ? commands : commands.filter(({ text }) => contains(text, typed)),
    }))
    .filter(({ commands }) => commands.length > 0);
  const run = (id: string) => {
    close();
    found
      .flatMap(({ commands }) => commands)
      .find((command) => command.id === id)
      ?.run();
  };
  return (
    <Autocomplete inputValue={typed} onInputChange={setTyped}>
      <SearchField className="palette-field" aria-label={texts.palette.title} autoFocus>
        <Search aria-hidden size={18} />
        <Input className="palette-input" placeholder={texts.palette.placeholder} maxLength={2048} />
      </SearchField>
      <Menu
        className="options"
        aria-label={texts.palette.results}
        onAction={(id) => run(String(id))}
        renderEmptyState={() => <p className="empty palette-empty">{texts.palette.nothing}</p>}
      >
        {found.map(({ title, commands }) => (
          <MenuSection key={title} className="palette-section">
            <Header className="palette-title">{title}</Header>
            {commands.map((command) => (
              <Item key={command.id} id={command.id} hint={command.hint}>
                {command.text}
              </Item>
            ))}
          </MenuSection>
        ))}
      </Menu>
    </Autocomplete>
  );
}

function Item({ id, hint, children }: { id: string; hint: string | undefined; children: ReactNode }) {
  return (
    <MenuItem id={id} className="option option-plain palette-item" textValue={String(children)}>
      <span>{children}</span>
      {hint === undefined ? null : <kbd aria-hidden>{hint}</kbd>}
    </MenuItem>
  );
}

const SCANNED: ReadonlySet<Kind | undefined> = new Set<Kind>(["ipv4", "ipv6", "cidr", "domain"]);

/** What was typed, where it can be the target of a scan; the server decides. */
function targetIn(typed: string): string | null {
  const found = detect(typed);
  if (SCANNED.has(found?.kind)) return found?.value ?? null;
  return /^(?:arn:aws|oci:\/\/)\S+$/.test(typed.trim()) ? typed.trim() : null;
}

interface Group {
  title: string;
  commands: Command[];
  /** Not filtered by what is typed, because it is made of it. */
  isAlways?: boolean;
}

function useCommands(typed: string): Group[] {
  const { texts, language, setLanguage } = useSpeech();
  const session = useSession();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const openDialog = useOpenDialog();
  return useMemo(() => {
    const look = (ioc: string) => () => void navigate({ href: `/analyze?${new URLSearchParams({ ioc, run: "1" })}` });
    const mayScan = can(session, "scan:write");
    const detected = detect(typed);
    const target = mayScan ? targetIn(typed) : null;
    const other = LANGUAGES.find((one) => one !== language) ?? language;
    const analysis: Command[] =
      detected === null
        ? []
        : [
            {
              id: "analyse",
              text: texts.palette.analyse(texts.kinds[detected.kind], defang(detected.value)),
              run: look(typed.trim()),
            },
          ];
    if (target !== null) {
      const run = () => void navigate({ to: "/scans/new", search: { targets: target } });
      analysis.push({ id: "scan", text: texts.palette.scan(target), run });
    }
    const places = visibleItems(session).map(({ id, path, hotkey }) => ({
      id: `go-${id}`,
      text: texts.places[id],
      hint: hotkey,
      run: () => void navigate({ to: path }),
    }));
    const actions: Command[] = [
      ...(mayScan
        ? [{ id: "new-scan", text: texts.palette.newScan, run: () => void navigate({ to: "/scans/new" }) }]
        : []),
      { id: "keys", text: texts.header.keys, run: () => openDialog("keys") },
      { id: "shortcuts", text: texts.shortcuts.title, hint: "?", run: () => openDialog("shortcuts") },
      ...(["light", "dark", "system"] as const).map((theme) => ({
        id: theme,
        text: texts.header.theme[theme],
        run: () => applyTheme(theme),
      })),
      { id: "language", text: texts.palette.language, run: () => setLanguage(other) },
      session
        ? { id: "sign-out", text: texts.accountMenu.signOut, run: () => void signOut() }
        : { id: "sign-in", text: texts.accountMenu.signIn, run: () => void navigate({ to: "/sign-in" }) },
    ];
    const recent = readRecent()
      .slice(0, RECENT_SHOWN)
      .map(({ value }) => ({ id: `recent-${value}`, text: defang(value), run: look(value) }));
    return [
      { title: texts.palette.analysis, commands: analysis, isAlways: true },
      { title: texts.palette.places, commands: places },
      { title: texts.palette.actions, commands: actions },
      { title: texts.palette.recent, commands: recent },
    ];
  }, [typed, texts, language, setLanguage, session, navigate, signOut, openDialog]);
}
