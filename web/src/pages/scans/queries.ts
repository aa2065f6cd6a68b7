/** What is asked of the server about scans. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, server } from "../../api/server";
import { oneOf } from "../../lib/oneOf";
import { isOpen, PROFILES, type Profile, type ScanSearch, STATUSES } from "./search";

const PAGE_ROWS = 50;
const LOOK_MILLISECONDS = 3_000;
const GRANTS_ROWS = "200";
// A tenant has at most 50.
const SCHEDULES_ROWS = "50";
const TURN_MILLISECONDS = 30_000;
export const LIVE_ROWS = 200;

/** One page, looked at again while something of it is under way. */
export function scansQuery(search: ScanSearch) {
  return queryOptions({
    queryKey: ["scans", "list", search],
    queryFn: ({ signal }) => {
      const status = oneOf(search.status, STATUSES);
      const profile = oneOf(search.profile, PROFILES);
      const query = {
        limit: String(PAGE_ROWS),
        ...(status ? { status } : {}),
        ...(profile ? { profile } : {}),
        ...(search.cursor ? { cursor: search.cursor } : {}),
      };
      return answerOf(server.GET("/v3/scans", { params: { query }, signal }));
    },
    refetchInterval: ({ state }) => (state.data?.data.some(isOpen) ? LOOK_MILLISECONDS : false),
  });
}

export function scanQuery(id: string) {
  return queryOptions({
    queryKey: ["scans", "one", id],
    queryFn: ({ signal }) => answerOf(server.GET("/v3/scans/{scan_id}", { params: { path: { scan_id: id } }, signal })),
  });
}

export interface SeenSearch {
  severity?: string | undefined;
  asset?: string | undefined;
  control?: string | undefined;
  cursor?: string | undefined;
}

/** A page of what a scan saw, the worst first. */
export function findingsQuery(id: string, search: SeenSearch, limit = PAGE_ROWS) {
  return queryOptions({
    queryKey: ["scans", "findings", id, search, limit],
    queryFn: ({ signal }) => {
      const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== "");
      const query: Record<string, string> = Object.fromEntries(given);
      const params = { path: { scan_id: id }, query: { limit: String(limit), ...query } };
      return answerOf(server.GET("/v3/scans/{scan_id}/findings", { params, signal }));
    },
  });
}

/** What changed since the last scan of the same targets. */
export function diffQuery(id: string) {
  return queryOptions({
    queryKey: ["scans", "diff", id],
    queryFn: ({ signal }) =>
      answerOf(server.GET("/v3/scans/{scan_id}/diff", { params: { path: { scan_id: id } }, signal })),
    retry: false,
  });
}

/** What may be scanned; a tenant has more grants than a page rarely, and then the page of grants walks through them. */
export const grantsQuery = queryOptions({
  queryKey: ["scans", "grants"],
  queryFn: ({ signal }) =>
    answerOf(server.GET("/v3/scans/grants", { params: { query: { limit: GRANTS_ROWS } }, signal })),
});

/** All schedules, looked at again because their turns come by themselves. */
export const schedulesQuery = queryOptions({
  queryKey: ["scans", "schedules"],
  queryFn: ({ signal }) =>
    answerOf(server.GET("/v3/scans/schedules", { params: { query: { limit: SCHEDULES_ROWS } }, signal })),
  refetchInterval: TURN_MILLISECONDS,
});

/** What this server looks with; it changes when the operator installs something. */
export const enginesQuery = queryOptions({
  queryKey: ["scans", "engines"],
  queryFn: ({ signal }) => answerOf(server.GET("/v3/scans/engines", { signal })),
});

/** What a scan of these would mean; nothing is connected to. */
export function previewQuery(targets: readonly string[], profile: Profile, minutes: number) {
  return queryOptions({
    queryKey: ["scans", "preview", targets, profile, minutes],
    queryFn: ({ signal }) => {
      const body = { targets: [...targets], profile, max_duration: minutes };
      return answerOf(server.POST("/v3/scans/preview", { body, signal }));
    },
    enabled: targets.length > 0,
  });
}
