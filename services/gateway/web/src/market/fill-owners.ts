/** Which of the market's trades are contenders' fills. */

import type { Fill } from "../api/types.gen";

/** The contenders in each trade of a coin, by the exchange's trade id: one match has one id for both sides. */
export function ownersOf(fills: Fill[], symbol: string): Map<number, string[]> {
  const owners = new Map<number, string[]>();
  for (const fill of fills) {
    if (fill.symbol !== symbol) continue;
    const models = owners.get(fill.trade_id) ?? [];
    if (!models.includes(fill.model)) owners.set(fill.trade_id, [...models, fill.model].sort());
  }
  return owners;
}
