/** The order of the table of trades: by a column, which the address names, `-` before it for the highest first. */

import type { Trade } from "../api/types.gen";
import type { Words } from "../words/words";
import { resultOf } from "./result";

export type Column = keyof Words["tradeColumns"];

/** What a row is sorted by; null comes last in either order. */
type Key = number | string | null;

/** What a trade's figures depend on beside its row. */
export interface Present {
  ms: number;
  priceOf: (symbol: string) => string | undefined;
}

const figure = (text: string | null): number | null => (text === null ? null : Number(text));

const KEYS: Partial<Record<Column, (trade: Trade, present: Present) => Key>> = {
  entry_time: (trade) => trade.entry_time,
  model: (trade) => trade.model,
  symbol: (trade) => trade.symbol,
  side: (trade) => trade.side,
  held: (trade, { ms }) => (trade.exit_time ?? ms) - trade.entry_time,
  notional: (trade) => Number(trade.entry_notional),
  mae: (trade) => figure(trade.mae_percent),
  mfe: (trade) => figure(trade.mfe_percent),
  fees: (trade) => Number(trade.fees),
  funding: (trade) => Number(trade.funding),
  pnl: (trade, { priceOf }) => resultOf(trade, priceOf(trade.symbol)).pnl,
  pnlPercent: (trade, { priceOf }) => resultOf(trade, priceOf(trade.symbol)).percent,
};

export const SORTABLE = Object.keys(KEYS) as Column[];

export interface Order {
  column: Column;
  isDescending: boolean;
}

const NEWEST: Order = { column: "entry_time", isDescending: true };

/** The order that the address names; newest entry first where it names none that there is. */
export function orderOf(named: string | null): Order {
  const column = (named ?? "").replace(/^-/, "") as Column;
  return SORTABLE.includes(column) ? { column, isDescending: named?.startsWith("-") ?? false } : NEWEST;
}

/** The address's name of the order that a press on a column's head makes; null is the newest first. */
export function pressed(column: Column, { column: current, isDescending }: Order): string | null {
  const name = column === current && isDescending ? column : `-${column}`;
  return name === "-entry_time" ? null : name;
}

export function sorted(trades: Trade[], { column, isDescending }: Order, present: Present): Trade[] {
  const keyOf = KEYS[column] ?? ((trade: Trade): Key => trade.entry_time);
  const rows = trades.map((trade) => ({ trade, key: keyOf(trade, present) }));
  rows.sort((a, b) => compare(a.key, b.key, isDescending) || b.trade.entry_time - a.trade.entry_time);
  return rows.map(({ trade }) => trade);
}

function compare(a: Key, b: Key, isDescending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return (a < b ? -1 : a > b ? 1 : 0) * (isDescending ? -1 : 1);
}
