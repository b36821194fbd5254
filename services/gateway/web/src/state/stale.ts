/** When a coin's price counts as stale: figures that depend on it turn grey with it. */

import { now, prices } from "./store";

const STALE_MS = 5_000;

/** How old a coin's price is, in ms; 0 before the first one. */
export function priceAge(symbol: string): number {
  const row = prices.value[symbol];
  return row ? now.value - row.time_ms : 0;
}

export function isOldPrice(ms: number): boolean {
  return ms > STALE_MS;
}
