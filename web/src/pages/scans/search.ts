/** What the addresses of the pages of scans say, and what that means. */

import type { Shapes } from "../../api/server";

export type Scan = Shapes["ScanReply"];
export type ScanDetail = Shapes["ScanDetailReply"];
export type ScanFinding = Shapes["ScanFindingReply"];
export type ScanDiff = Shapes["DifferenceReply"];
export type Grant = Shapes["GrantReply"];
export type Schedule = Shapes["ScheduleReply"];
export type Preview = Shapes["PreviewReply"];

export const STATUSES = ["queued", "running", "completed", "timed_out", "cancelled", "failed"] as const;
export type Status = Scan["status"];
export const PROFILES = ["standard", "compliance", "pentest"] as const;
export type Profile = Scan["profile"];

export interface ScanSearch {
  status?: string | undefined;
  profile?: string | undefined;
  cursor?: string | undefined;
}

export function isOpen({ status }: { status: Status }): boolean {
  return status === "queued" || status === "running";
}

/** Whether it holds what other tools saw: nothing was looked at, and nothing can be looked at again. */
export function isUploaded({ targets }: { targets: string[] }): boolean {
  return targets.length > 0 && targets.every((target) => target.startsWith("sarif:"));
}

/** The images among its targets: of each there is a list of packages to take along. */
export function imagesOf({ targets }: { targets: string[] }): string[] {
  return targets.filter((target) => target.startsWith("oci://"));
}

/** How long it has run, in seconds; null before it has begun. */
export function secondsOf(scan: Scan, now: number): number | null {
  if (scan.started_at === null) return null;
  const end = scan.finished_at === null ? now : Date.parse(scan.finished_at);
  return Math.max(0, Math.round((end - Date.parse(scan.started_at)) / 1000));
}
