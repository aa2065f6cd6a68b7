/** Every page with its path. Pages arrive when they are first opened, all but the analysis; their filters are in the address. */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Refused, Waiting } from "./kit/Asked";
import { AnalyzePage } from "./pages/analyze/AnalyzePage";
import { HomePage } from "./pages/home/HomePage";
import { InsidePage } from "./shell/InsidePage";
import { NotFoundPage } from "./shell/NotFoundPage";
import { Shell } from "./shell/Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage });
const page = <Path extends string>(path: Path) => ({ getParentRoute: () => root, path });

const home = createRoute({ ...page("/"), component: HomePage });
const analyze = createRoute({ ...page("/analyze"), component: AnalyzePage });
const signIn = createRoute({
  ...page("/sign-in"),
  component: lazyRouteComponent(() => import("./pages/entry/SignInPage"), "SignInPage"),
  validateSearch: ({ next }: Record<string, unknown>): { next?: string | undefined } => ({
    // A path of our own and nothing else: a link must not send who signs in elsewhere.
    next: typeof next === "string" && /^\/(?![/\\])/.test(next) ? next : undefined,
  }),
});
const setup = createRoute({
  ...page("/setup"),
  component: lazyRouteComponent(() => import("./pages/entry/SetupPage"), "SetupPage"),
});
const invitation = createRoute({
  ...page("/invitation"),
  component: lazyRouteComponent(() => import("./pages/entry/InvitationPage"), "InvitationPage"),
});

/** These parts of the address and no others; what a page cannot use of them it leaves aside. */
const filters =
  <Name extends string>(...names: Name[]) =>
  (search: Record<string, unknown>): { [Each in Name]?: string | undefined } =>
    Object.fromEntries(names.map((name) => [name, search[name]]).filter(([, value]) => typeof value === "string")) as {
      [Each in Name]?: string;
    };

/** Pages for who has signed in; a visitor is led to the door, and back from there. */
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  component: InsidePage,
});
const within = <Path extends string>(path: Path) => ({ getParentRoute: () => inside, path });
const account = createRoute({
  ...within("/account"),
  component: lazyRouteComponent(() => import("./pages/account/AccountPage"), "AccountPage"),
});
const apiKeys = createRoute({
  ...within("/settings/api-keys"),
  component: lazyRouteComponent(() => import("./pages/settings/keys/KeysPage"), "KeysPage"),
  validateSearch: filters("owner", "state"),
});
const apiKey = createRoute({
  ...within("/settings/api-keys/$id"),
  component: lazyRouteComponent(() => import("./pages/settings/keys/KeyPage"), "KeyPage"),
  validateSearch: filters("view", "period", "outcome"),
});
const billing = createRoute({
  ...within("/settings/billing"),
  component: lazyRouteComponent(() => import("./pages/settings/plan/PlanPage"), "PlanPage"),
});
const serviceAccounts = createRoute({
  ...within("/settings/service-accounts"),
  component: lazyRouteComponent(() => import("./pages/settings/accounts/ServiceAccountsPage"), "ServiceAccountsPage"),
});
const users = createRoute({
  ...within("/settings/users"),
  component: lazyRouteComponent(() => import("./pages/settings/users/UsersPage"), "UsersPage"),
});
const sources = createRoute({
  ...within("/settings/sources"),
  component: lazyRouteComponent(() => import("./pages/settings/sources/SourcesPage"), "SourcesPage"),
  validateSearch: filters("state"),
});
const webhooks = createRoute({
  ...within("/settings/webhooks"),
  component: lazyRouteComponent(() => import("./pages/settings/webhooks/WebhooksPage"), "WebhooksPage"),
});
const webhook = createRoute({
  ...within("/settings/webhooks/$id"),
  component: lazyRouteComponent(() => import("./pages/settings/webhooks/WebhookPage"), "WebhookPage"),
  validateSearch: filters("state", "delivery"),
});
const rules = createRoute({
  ...within("/settings/rules"),
  component: lazyRouteComponent(() => import("./pages/settings/rules/RulesPage"), "RulesPage"),
  validateSearch: filters("view", "q", "level", "pack", "product", "technique", "standing", "rule"),
});
const auditLog = createRoute({
  ...within("/settings/audit-log"),
  component: lazyRouteComponent(() => import("./pages/settings/audit/AuditPage"), "AuditPage"),
  validateSearch: filters("action", "actor", "since", "until"),
});
const threats = createRoute({
  ...within("/threats"),
  component: lazyRouteComponent(() => import("./pages/threats/ThreatsPage"), "ThreatsPage"),
  validateSearch: filters("severity", "status", "type", "technique", "since", "until", "q", "sort", "cursor"),
});
const threat = createRoute({
  ...within("/threats/$id"),
  component: lazyRouteComponent(() => import("./pages/threat/ThreatPage"), "ThreatPage"),
  validateSearch: filters("view"),
});
const lookups = createRoute({
  ...within("/lookups"),
  component: lazyRouteComponent(() => import("./pages/lookups/LookupsPage"), "LookupsPage"),
  validateSearch: filters("depth", "verdict"),
});
const assessments = createRoute({
  ...within("/assessments"),
  component: lazyRouteComponent(() => import("./pages/assessments/AssessmentsPage"), "AssessmentsPage"),
  validateSearch: filters("target", "cursor"),
});
const comparison = createRoute({
  ...within("/assessments/compare"),
  component: lazyRouteComponent(() => import("./pages/assessments/ComparePage"), "ComparePage"),
  validateSearch: filters("a", "b"),
});
const assessment = createRoute({
  ...within("/assessments/$id"),
  component: lazyRouteComponent(() => import("./pages/assessments/AssessmentPage"), "AssessmentPage"),
  validateSearch: filters("view"),
});
const telemetry = createRoute({
  ...within("/telemetry"),
  component: lazyRouteComponent(() => import("./pages/telemetry/TelemetryPage"), "TelemetryPage"),
});
const batch = createRoute({
  ...within("/telemetry/$id"),
  component: lazyRouteComponent(() => import("./pages/batch/BatchPage"), "BatchPage"),
  validateSearch: filters("rule", "line", "technique"),
});
const scans = createRoute({
  ...within("/scans"),
  component: lazyRouteComponent(() => import("./pages/scans/ScansPage"), "ScansPage"),
  validateSearch: filters("status", "profile", "cursor"),
});
const newScan = createRoute({
  ...within("/scans/new"),
  component: lazyRouteComponent(() => import("./pages/scans/NewScanPage"), "NewScanPage"),
  validateSearch: filters("targets", "profile"),
});
const schedules = createRoute({
  ...within("/scans/schedules"),
  component: lazyRouteComponent(() => import("./pages/scans/SchedulesPage"), "SchedulesPage"),
  validateSearch: filters("edit", "targets", "profile"),
});
const grants = createRoute({
  ...within("/scans/grants"),
  component: lazyRouteComponent(() => import("./pages/scans/GrantsPage"), "GrantsPage"),
  validateSearch: filters("ask"),
});
const scan = createRoute({
  ...within("/scans/$id"),
  component: lazyRouteComponent(() => import("./pages/scan/ScanPage"), "ScanPage"),
  validateSearch: filters("view", "severity", "asset", "control", "state", "finding", "cursor"),
});

/** Texts stay texts: the router's own way would read a hash of digits alone as a number. */
const parseSearch = (search: string): Record<string, string> => Object.fromEntries(new URLSearchParams(search));
const stringifySearch = (search: Record<string, unknown>): string => {
  const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
};

export const router = createRouter({
  parseSearch,
  stringifySearch,
  routeTree: root.addChildren([
    home,
    analyze,
    signIn,
    setup,
    invitation,
    inside.addChildren([
      threats,
      threat,
      lookups,
      assessments,
      comparison,
      assessment,
      telemetry,
      batch,
      scans,
      newScan,
      schedules,
      grants,
      scan,
      account,
      apiKeys,
      apiKey,
      billing,
      serviceAccounts,
      users,
      sources,
      webhooks,
      webhook,
      rules,
      auditLog,
    ]),
  ]),
  defaultPendingComponent: Waiting,
  defaultErrorComponent: ({ error, reset }) => <Refused error={error} again={reset} />,
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
