/** The list of keyboard shortcuts, and the switch that turns the single-key ones off. */

import { useState } from "react";
import { Switch } from "react-aria-components";
import { useSpeech } from "../i18n/language";
import { Overlay } from "../kit/Overlay";
import { areHotkeysOn, setHotkeysOn } from "../lib/hotkeys";
import { useSession } from "../session/session";
import { visibleItems } from "./navigation";

interface ShortcutDialogProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

export function ShortcutDialog({ isOpen, onOpenChange }: ShortcutDialogProps) {
  const { texts } = useSpeech();
  return (
    <Overlay title={texts.shortcuts.title} isOpen={isOpen} onOpenChange={onOpenChange}>
      <ShortcutList />
    </Overlay>
  );
}

function ShortcutList() {
  const { texts } = useSpeech();
  const session = useSession();
  const [isOn, setOn] = useState(areHotkeysOn);
  const rows = [
    ["/", texts.shortcuts.focus],
    ["Ctrl K", texts.shortcuts.palette],
    ...visibleItems(session).map(({ id, hotkey }) => [hotkey, texts.shortcuts.goTo(texts.places[id])] as const),
    ["?", texts.shortcuts.help],
    ["Enter", texts.shortcuts.submit],
    ["Esc", texts.shortcuts.close],
  ] as const;
  const change = (isSelected: boolean) => {
    setHotkeysOn(isSelected);
    setOn(isSelected);
  };
  return (
    <div className="dialog-body">
      <dl className="shortcuts">
        {rows.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <Switch className="switch" isSelected={isOn} onChange={change}>
        <span className="switch-track" aria-hidden />
        {texts.shortcuts.isOn}
      </Switch>
    </div>
  );
}
