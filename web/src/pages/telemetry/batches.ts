/** What a batch is called in this browser, how it is made small for the way, and how it stands. */

import type { Shapes } from "../../api/server";
import type { Tone } from "../../kit/Tags";
import { readJson, writeItem } from "../../lib/storage";

export type Batch = Shapes["ListedBatchReply"];
export type BatchState = Batch["state"];

export const SENT_BYTES_MAX = 64 * 1024 * 1024;
/** From here on to pack takes less time than to send. */
const PACKED_FROM_BYTES = 1024 * 1024;
const NAMES_MAX = 200;
const NAME_CHARACTERS_MAX = 120;
const ITEM = "cybervault:batches";

const TONES: Record<BatchState, Tone> = {
  queued: "plain",
  running: "busy",
  completed: "good",
  failed: "bad",
  cancelled: "plain",
  timed_out: "bad",
};

export function toneOf(state: BatchState): Tone {
  return TONES[state];
}

export function isOpen(state: BatchState): boolean {
  return state === "queued" || state === "running";
}

function storedNames(): [string, string][] {
  const stored = readJson(ITEM);
  if (!Array.isArray(stored)) return [];
  return stored.filter(
    (pair): pair is [string, string] =>
      Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string"),
  );
}

/** The server keeps no name of a file: this browser remembers what was sent from here. */
export function nameOfBatch(id: string): string | undefined {
  return storedNames().find(([known]) => known === id)?.[1];
}

export function rememberName(id: string, name: string): void {
  const names = [[id, name.slice(0, NAME_CHARACTERS_MAX)], ...storedNames().filter(([known]) => known !== id)];
  writeItem(ITEM, JSON.stringify(names.slice(0, NAMES_MAX)));
}

/** gzip, and zstd. */
const PACKED = [
  [0x1f, 0x8b],
  [0x28, 0xb5, 0x2f, 0xfd],
];

export async function isPacked(file: Blob): Promise<boolean> {
  const begin = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  return PACKED.some((magic) => magic.every((byte, at) => begin[at] === byte));
}

/** A long file as gzip, which for telemetry is a tenth; what is short, packed already or cannot be packed as it is. */
export async function madeSmall(file: Blob): Promise<Blob> {
  if (file.size < PACKED_FROM_BYTES || typeof CompressionStream === "undefined" || (await isPacked(file))) return file;
  return new Response(file.stream().pipeThrough(new CompressionStream("gzip"))).blob();
}
