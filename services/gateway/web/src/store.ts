/** Everything the pages show, as signals; changed by REST at first and by pushes from then on. */

import { batch, signal } from "@preact/signals";

import type { Push } from "./feed";
import type { Account, Decision, Fill, Position, Price, Status } from "./types";

export type Connection = "connecting" | "connected" | "disconnected" | "error";

export const connection = signal<Connection>("connecting");
export const retryAt = signal(0);
export const now = signal(Date.now());
export const status = signal<Status | null>(null);
export const prices = signal<Record<string, Price>>({});
export const pricesReceived = signal(0);
export const accounts = signal<Record<string, Account>>({});
export const positions = signal<Record<string, Position[]>>({});
export const decisions = signal<Decision[]>([]);
export const fills = signal<Fill[]>([]);

const KEPT_DECISIONS = 200;
const KEPT_FILLS = 200;

/** Decisions by id, newest first; a later version of a row replaces the earlier one. */
export function mergeDecisions(known: Decision[], fresh: Decision[]): Decision[] {
  const rows = new Map(known.map((row) => [row.id, row]));
  for (const row of fresh) rows.set(row.id, row);
  return [...rows.values()]
    .sort((a, b) => b.time_ms - a.time_ms || (a.id < b.id ? 1 : -1))
    .slice(0, KEPT_DECISIONS);
}

export function mergeFills(known: Fill[], fresh: Fill[]): Fill[] {
  const rows = new Map(known.map((row) => [row.id, row]));
  for (const row of fresh) rows.set(row.id, row);
  return [...rows.values()].sort((a, b) => b.time_ms - a.time_ms).slice(0, KEPT_FILLS);
}

function byModel(rows: Position[]): Record<string, Position[]> {
  const found: Record<string, Position[]> = {};
  for (const row of rows) (found[row.model] ??= []).push(row);
  return found;
}

/** Applies one push. */
export function apply(push: Push): void {
  const { data } = push;
  const isSnapshot = data["snapshot"] === true;
  batch(() => {
    switch (push.channel) {
      case "price_update": {
        const fresh = data["prices"] as Record<string, Price>;
        const next = { ...prices.value };
        for (const [symbol, row] of Object.entries(fresh)) next[symbol] = { ...next[symbol], ...row };
        prices.value = next;
        pricesReceived.value = Date.now();
        break;
      }
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
      case "ai_decision": {
        const rows = isSnapshot ? (data["decisions"] as Decision[]) : [data as unknown as Decision];
        decisions.value = mergeDecisions(decisions.value, rows);
        break;
      }
      case "trade_executed": {
        const rows = isSnapshot ? (data["fills"] as Fill[]) : [data as unknown as Fill];
        fills.value = mergeFills(fills.value, rows);
        break;
      }
    }
  });
}
