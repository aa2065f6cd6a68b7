/** The places of the console, at most two levels deep; narrow when asked to be, a row of signs on small windows. */

import { Link } from "@tanstack/react-router";
import { PanelLeftClose, PanelLeftOpen } from "lucide-react";
import { useState } from "react";
import { useSpeech } from "../i18n/language";
import { IconButton } from "../kit/Buttons";
import { readItem, writeItem } from "../lib/storage";
import type { Session } from "../session/session";
import { type NavigationItem, visibleItems } from "./navigation";

const ITEM = "cybervault:side-bar";
const GROUPS = ["work", "settings"] as const;

export function SideBar({ session }: { session: Session }) {
  const { texts } = useSpeech();
  const [isNarrow, setNarrow] = useState(() => readItem(ITEM) === "narrow");
  const toggle = () => {
    writeItem(ITEM, isNarrow ? null : "narrow");
    setNarrow(!isNarrow);
  };
  const items = visibleItems(session);
  const Sign = isNarrow ? PanelLeftOpen : PanelLeftClose;
  return (
    <nav className={isNarrow ? "side-bar side-bar-narrow" : "side-bar"} aria-label={texts.shell.places}>
      {GROUPS.map((group) => {
        const inGroup = items.filter((item) => item.group === group);
        if (inGroup.length === 0) return null;
        return (
          <div key={group} className="side-group">
            {group === "settings" ? <p className="side-title">{texts.shell.settings}</p> : null}
            <ul>
              {inGroup.map((item) => (
                <li key={item.id}>
                  <SideLink item={item} />
                </li>
              ))}
            </ul>
          </div>
        );
      })}
      <span className="grow" />
      <IconButton label={isNarrow ? texts.shell.widen : texts.shell.narrow} onPress={toggle}>
        <Sign aria-hidden size={18} />
      </IconButton>
    </nav>
  );
}

function SideLink({ item: { id, path, icon: Icon } }: { item: NavigationItem }) {
  const { texts } = useSpeech();
  return (
    <Link to={path} activeOptions={{ exact: path === "/" }} className="side-link" title={texts.places[id]}>
      <Icon aria-hidden size={17} />
      <span className="side-text">{texts.places[id]}</span>
    </Link>
  );
}
