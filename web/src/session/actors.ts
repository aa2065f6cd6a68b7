/** Names of users, keys and service accounts by their ids; those of one page are asked for together. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, server } from "../api/server";

const IDS_MAX = 100;
const FRESH_MILLISECONDS = 300_000;

interface Waiting {
  id: string;
  resolve: (name: string | null) => void;
  reject: (reason: unknown) => void;
}

let waiting: Waiting[] = [];

/** Null for who is gone, or of another tenant. */
export function actorQuery(id: string) {
  return queryOptions({ queryKey: ["actors", id], queryFn: () => nameOf(id), staleTime: FRESH_MILLISECONDS });
}

function nameOf(id: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    if (waiting.length === 0) window.setTimeout(askForAll);
    waiting.push({ id, resolve, reject });
  });
}

function askForAll(): void {
  const all = waiting;
  waiting = [];
  for (let from = 0; from < all.length; from += IDS_MAX) void ask(all.slice(from, from + IDS_MAX));
}

async function ask(some: Waiting[]): Promise<void> {
  try {
    const query = { ids: some.map(({ id }) => id).join(",") };
    const { data } = await answerOf(server.GET("/v3/tenant/actors", { params: { query } }));
    const names = new Map(data.map(({ id, name }) => [id, name]));
    for (const { id, resolve } of some) resolve(names.get(id) ?? null);
  } catch (error) {
    for (const { reject } of some) reject(error);
  }
}
