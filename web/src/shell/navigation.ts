/** The places of the console: what the side bar, the palette and the shortcuts lead to. */

import { CircleUserRound, type LucideIcon, Search } from "lucide-react";
import type { Texts } from "../i18n/en";
import { can, type Session } from "../session/session";

export interface NavigationItem {
  id: keyof Texts["places"];
  path: "/analyze" | "/account";
  icon: LucideIcon;
  /** The scope that it takes to see it, or what everybody has: `nobody` has not even signed in. */
  needs: string;
  hotkey: string;
  group: "work" | "settings";
}

const ITEMS: readonly NavigationItem[] = [
  { id: "analyze", path: "/analyze", icon: Search, needs: "nobody", hotkey: "g a", group: "work" },
  { id: "account", path: "/account", icon: CircleUserRound, needs: "member", hotkey: "g u", group: "settings" },
];

/** The places that this visitor may see. */
export function visibleItems(session: Session | null | undefined): readonly NavigationItem[] {
  return ITEMS.filter(({ needs }) => {
    if (needs === "nobody") return true;
    return needs === "member" ? Boolean(session) : can(session, needs);
  });
}
