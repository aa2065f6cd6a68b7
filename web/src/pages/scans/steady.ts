/** Rows that stay in their places while somebody looks at them, whatever arrives meanwhile. */

import { useState } from "react";

interface Row {
  id: string;
}

/** The rows in the places that are known, as they are now, and those that have none yet. */
export function inPlace<T extends Row>(order: readonly string[], rows: readonly T[]): { kept: T[]; fresh: T[] } {
  const now = new Map(rows.map((row) => [row.id, row]));
  const known = new Set(order);
  return {
    kept: order.map((id) => now.get(id)).filter((row) => row !== undefined),
    fresh: rows.filter(({ id }) => !known.has(id)),
  };
}

interface Steady<T> {
  shown: T[];
  /** How many rows wait for a place. */
  waiting: number;
  /** Whether the server would have them in another order. */
  isMoved: boolean;
  /** Takes the rows as the server has them. */
  renew: () => void;
}

/** New rows go to the end where `appends`, else they wait until they are asked for. */
export function useSteady<T extends Row>(rows: readonly T[], { appends }: { appends: boolean }): Steady<T> {
  const [order, setOrder] = useState(() => rows.map(({ id }) => id));
  const { kept, fresh } = inPlace(order, rows);
  if (appends && fresh.length > 0) setOrder([...order, ...fresh.map(({ id }) => id)]);
  const shown = appends ? [...kept, ...fresh] : kept;
  return {
    shown,
    waiting: appends ? 0 : fresh.length,
    isMoved: shown.some(({ id }, place) => rows[place]?.id !== id),
    renew: () => setOrder(rows.map(({ id }) => id)),
  };
}
