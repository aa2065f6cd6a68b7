/** The places of the console: what the side bar, the palette and the shortcuts lead to. */

import {
  Activity,
  Bot,
  CircleUserRound,
  ClipboardList,
  Gauge,
  History,
  KeyRound,
  LayoutDashboard,
  ListChecks,
  type LucideIcon,
  Radar,
  Rss,
  ScrollText,
  Search,
  ShieldAlert,
  Users,
  Webhook,
} from "lucide-react";
import type { Texts } from "../i18n/en";
import { can, type Session } from "../session/session";

export interface NavigationItem {
  id: keyof Texts["places"];
  path:
    | "/"
    | "/analyze"
    | "/lookups"
    | "/assessments"
    | "/threats"
    | "/telemetry"
    | "/scans"
    | "/account"
    | `/settings/${"api-keys" | "service-accounts" | "users" | "sources" | "webhooks" | "rules" | "audit-log" | "billing"}`;
  icon: LucideIcon;
  /** The scope that it takes to see it, or what everybody has: `nobody` has not even signed in. */
  needs: string;
  hotkey: string;
  group: "work" | "settings";
}

const ITEMS: readonly NavigationItem[] = [
  { id: "dashboard", path: "/", icon: LayoutDashboard, needs: "threat:read", hotkey: "g d", group: "work" },
  { id: "analyze", path: "/analyze", icon: Search, needs: "nobody", hotkey: "g a", group: "work" },
  { id: "lookups", path: "/lookups", icon: ClipboardList, needs: "threat:read", hotkey: "g p", group: "work" },
  { id: "assessments", path: "/assessments", icon: History, needs: "threat:read", hotkey: "g h", group: "work" },
  { id: "threats", path: "/threats", icon: ShieldAlert, needs: "threat:read", hotkey: "g t", group: "work" },
  { id: "telemetry", path: "/telemetry", icon: Activity, needs: "threat:read", hotkey: "g e", group: "work" },
  { id: "scans", path: "/scans", icon: Radar, needs: "scan:read", hotkey: "g s", group: "work" },
  { id: "apiKeys", path: "/settings/api-keys", icon: KeyRound, needs: "member", hotkey: "g k", group: "settings" },
  {
    id: "serviceAccounts",
    path: "/settings/service-accounts",
    icon: Bot,
    needs: "keys:manage",
    hotkey: "g v",
    group: "settings",
  },
  { id: "users", path: "/settings/users", icon: Users, needs: "keys:manage", hotkey: "g m", group: "settings" },
  { id: "sources", path: "/settings/sources", icon: Rss, needs: "threat:read", hotkey: "g o", group: "settings" },
  { id: "webhooks", path: "/settings/webhooks", icon: Webhook, needs: "keys:manage", hotkey: "g w", group: "settings" },
  { id: "rules", path: "/settings/rules", icon: ListChecks, needs: "threat:read", hotkey: "g r", group: "settings" },
  {
    id: "auditLog",
    path: "/settings/audit-log",
    icon: ScrollText,
    needs: "audit:read",
    hotkey: "g l",
    group: "settings",
  },
  { id: "billing", path: "/settings/billing", icon: Gauge, needs: "member", hotkey: "g b", group: "settings" },
  { id: "account", path: "/account", icon: CircleUserRound, needs: "member", hotkey: "g u", group: "settings" },
];

/** The places that this visitor may see. */
export function visibleItems(session: Session | null | undefined): readonly NavigationItem[] {
  return ITEMS.filter(({ needs }) => {
    if (needs === "nobody") return true;
    return needs === "member" ? Boolean(session) : can(session, needs);
  });
}
