/** The data that the pages share, as signals: read by REST at first and changed by pushes from then on. */

import { batch, signal } from "@preact/signals";

import type {
  Account,
  Decision,
  Fill,
  Operations,
  Position,
  Price,
  PriceUpdate,
  Push,
  Status,
} from "../api/types.gen";
import { marketTime, serverTime } from "./clock";
import { merged, replaced } from "./lists";

/** A price as pushed; what only REST carries (yesterday's price, funding) joins it once that was read. */
export type Quote = PriceUpdate["prices"][string] & Partial<Price>;
export type Connection = "connecting" | "connected" | "disconnected" | "error";

export const connection = signal<Connection>("connecting");
/** How often the WebSocket has connected: REST is loaded again after each time. */
export const connections = signal(0);
export const closedBecause = signal("");
/** When the next attempt to connect is made, by the browser's monotonic clock. */
export const retryAt = signal(0);
export const latencyMs = signal<number | null>(null);
/** The market's time, once a second. */
export const now = signal(marketTime());
/** The server's time, once a second: services report by it. */
export const serverNow = signal(serverTime());
export const status = signal<Status | null>(null);
export const statusFails = signal(false);
export const unmet = signal<Record<string, string>>({});
export const operations = signal<Operations | null>(null);
export const operationsFail = signal(false);
export const prices = signal<Record<string, Quote>>({});
export const accounts = signal<Record<string, Account>>({});
export const positions = signal<Record<string, Position[]>>({});
export const decisions = signal<Decision[]>([]);
export const hasDecisions = signal(false);
export const fills = signal<Fill[]>([]);

/** Sets both times to the present. */
export function advance(): void {
  batch(() => {
    now.value = marketTime();
    serverNow.value = serverTime();
  });
}

export function byModel(rows: Position[]): Record<string, Position[]> {
  const found: Record<string, Position[]> = {};
  for (const row of rows) (found[row.model] ??= []).push(row);
  return found;
}

const ANOTHER_MARKET_MS = 86_400_000;

/** The newer of two rows of each coin; fields that only the other one has stay. A row that is older by more than a day
 * is of another market, and replaces what the last one left. */
export function mergePrices(known: Record<string, Quote>, fresh: Record<string, Quote>): Record<string, Quote> {
  const next = { ...known };
  for (const [symbol, row] of Object.entries(fresh)) {
    const before = next[symbol];
    const ahead = before ? before.time_ms - row.time_ms : 0;
    next[symbol] = ahead > 0 && ahead < ANOTHER_MARKET_MS ? { ...row, ...before } : { ...before, ...row };
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
  switch (push.channel) {
    case "price_update":
      prices.value = mergePrices(prices.value, push.data.prices);
      break;
    case "account_update": {
      accounts.value =
        "snapshot" in push.data
          ? Object.fromEntries(push.data.accounts.map((row) => [row.model, row]))
          : { ...accounts.value, [push.data.model]: push.data };
      break;
    }
    case "position_update":
      positions.value =
        "snapshot" in push.data
          ? byModel(push.data.positions)
          : { ...positions.value, [push.data.model]: push.data.positions };
      break;
    case "ai_decision":
      decisions.value =
        "snapshot" in push.data
          ? replaced(decisions.value, push.data.decisions)
          : merged(decisions.value, [push.data]);
      hasDecisions.value = true;
      break;
    case "trade_executed":
      fills.value = "snapshot" in push.data ? replaced(fills.value, push.data.fills) : merged(fills.value, [push.data]);
      break;
  }
}
