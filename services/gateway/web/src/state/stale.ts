/** When a coin's price counts as stale: figures that depend on it turn grey with it. */

import { waitedSince } from "./clock";
import { connection, now, prices } from "./store";

const STALE_MS = 5_000;

/** How old a coin's price is, in ms of real time; 0 before the first one. */
export function priceAge(symbol: string): number {
  const row = prices.value[symbol];
  return row ? waitedSince(row.time_ms, now.value) : 0;
}

/** How old the newest price is; null before the first one. */
export function dataAge(): number | null {
  const times = Object.values(prices.value).map((row) => row.time_ms);
  return times.length ? waitedSince(Math.max(...times), now.value) : null;
}

/** Whether a price of that age may not be taken for the present one: without a connection none may, nor one of a time
 * to come, which another market has left. */
export function isOldPrice(ms: number): boolean {
  return connection.value === "disconnected" || connection.value === "error" || Math.abs(ms) > STALE_MS;
}
