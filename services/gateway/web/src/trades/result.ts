/** What a trade has come to: recorded once it has ended, and by the price shown while it is open. Pure. */

import type { Trade } from "../api/types.gen";

export interface Result {
  /** Net of fees and funding, USD. */
  pnl: number | null;
  /** In percent of the initial margin. */
  percent: number | null;
}

/** Of an open trade: what was sold less what was bought, with the rest valued at `price`, less fees and funding. */
export function resultOf(trade: Trade, price: string | undefined): Result {
  if (trade.status !== "OPEN") return { pnl: figureOf(trade.pnl), percent: figureOf(trade.pnl_percent) };
  if (price === undefined) return { pnl: null, percent: null };
  const out = Number(trade.exit_notional ?? 0) + Number(trade.open_size) * Number(price);
  const gross = (out - Number(trade.entry_notional)) * (trade.side === "LONG" ? 1 : -1);
  const pnl = gross - Number(trade.fees) - Number(trade.funding);
  return { pnl, percent: trade.leverage ? (pnl / Number(trade.entry_notional)) * trade.leverage * 100 : null };
}

function figureOf(text: string | null): number | null {
  return text === null ? null : Number(text);
}
