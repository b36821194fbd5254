/** When a coin's price counts as old: what stands beside it greys out with it. */

import { now, prices } from "./store";

const STALE_MS = 5_000;

/** How old a coin's price is, in ms; nothing while none was heard. */
export function priceAge(symbol: string): number {
  const row = prices.value[symbol];
  return row ? now.value - row.time_ms : 0;
}

export function isOld(ms: number): boolean {
  return ms > STALE_MS;
}
