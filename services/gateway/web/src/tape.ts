/** Which of the market's trades are the models' own. */

import type { Fill } from "./types";

/** The models behind each trade of a coin, by the exchange's id of the trade: one match has one id for both sides. */
export function ownersOf(fills: Fill[], symbol: string): Map<number, string[]> {
  const owners = new Map<number, string[]>();
  for (const fill of fills) {
    if (fill.symbol !== symbol) continue;
    const models = owners.get(fill.trade_id) ?? [];
    if (!models.includes(fill.model)) owners.set(fill.trade_id, [...models, fill.model].sort());
  }
  return owners;
}
