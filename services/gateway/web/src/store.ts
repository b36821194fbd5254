/** Everything the pages show, as signals; changed by REST at first and by pushes from then on. */

import { batch, signal } from "@preact/signals";

import type { Push } from "./feed";
import { merged, replaced } from "./lists";
import type { Account, Decision, Fill, Operations, Position, Price, Status } from "./types";

export type Connection = "connecting" | "connected" | "disconnected" | "error";

export const connection = signal<Connection>("connecting");
/** How often the WebSocket has come up: what REST loaded is loaded again after each time. */
export const connections = signal(0);
export const closedBecause = signal("");
export const retryAt = signal(0);
export const latencyMs = signal<number | null>(null);
/** How far the server's clock is ahead of this browser's. */
export const skewMs = signal(0);
/** The server's time, once a second. */
export const now = signal(Date.now());
export const status = signal<Status | null>(null);
export const statusFails = signal(false);
export const unmet = signal<Record<string, string>>({});
export const operations = signal<Operations | null>(null);
export const operationsFail = signal(false);
export const prices = signal<Record<string, Price>>({});
export const accounts = signal<Record<string, Account>>({});
export const positions = signal<Record<string, Position[]>>({});
export const decisions = signal<Decision[]>([]);
export const hasDecisions = signal(false);
export const fills = signal<Fill[]>([]);

/** Decimals of a coin's smallest lot, once the server has told them. */
export function sizeDecimals(symbol: string): number | undefined {
  return status.value?.symbols.find((row) => row.symbol === symbol)?.size_decimals;
}

export function serverTime(): number {
  return Date.now() + skewMs.value;
}

function byModel(rows: Position[]): Record<string, Position[]> {
  const found: Record<string, Position[]> = {};
  for (const row of rows) (found[row.model] ??= []).push(row);
  return found;
}

/** The newer of two rows of one coin; what only REST tells (yesterday's price) stays. */
export function mergePrices(known: Record<string, Price>, fresh: Record<string, Price>): Record<string, Price> {
  const next = { ...known };
  for (const [symbol, row] of Object.entries(fresh)) {
    const before = next[symbol];
    next[symbol] = before && before.time_ms > row.time_ms ? { ...row, ...before } : { ...before, ...row };
  }
  return next;
}

/** Applies pushes in their order, as one change. */
export function applyAll(pushes: Push[]): void {
  batch(() => {
    for (const push of pushes) apply(push);
  });
}

export function apply(push: Push): void {
  const { data } = push;
  const isSnapshot = data["snapshot"] === true;
  switch (push.channel) {
    case "price_update":
      prices.value = mergePrices(prices.value, data["prices"] as Record<string, Price>);
      break;
    case "account_update": {
      const rows = isSnapshot ? (data["accounts"] as Account[]) : [data as unknown as Account];
      accounts.value = { ...accounts.value, ...Object.fromEntries(rows.map((row) => [row.model, row])) };
      break;
    }
    case "position_update":
      positions.value = isSnapshot
        ? byModel(data["positions"] as Position[])
        : { ...positions.value, [data["model"] as string]: data["positions"] as Position[] };
      break;
    case "ai_decision":
      decisions.value = isSnapshot
        ? replaced(decisions.value, data["decisions"] as Decision[])
        : merged(decisions.value, [data as unknown as Decision]);
      hasDecisions.value = true;
      break;
    case "trade_executed":
      fills.value = isSnapshot
        ? replaced(fills.value, data["fills"] as Fill[])
        : merged(fills.value, [data as unknown as Fill]);
      break;
  }
}
