/** The order book as depth: each level with the cumulative size up to it. */

import type { BookLevel } from "../api/types.gen";

export interface Depth {
  price: string;
  size: number;
  total: number;
  /** The cumulative size as a share of the deepest one shown, 0 to 1. */
  share: number;
}

/** The best `count` levels of one side, best first. */
export function depthOf(levels: BookLevel[], count: number, deepest: number): Depth[] {
  let total = 0;
  return levels.slice(0, count).map((level) => {
    total += Number(level.size);
    return { price: level.price, size: Number(level.size), total, share: deepest > 0 ? total / deepest : 0 };
  });
}

/** The cumulative size of the best `count` levels of the deeper side. */
export function deepestOf(sides: BookLevel[][], count: number): number {
  return Math.max(
    0,
    ...sides.map((levels) => levels.slice(0, count).reduce((sum, level) => sum + Number(level.size), 0)),
  );
}

/** The spread in hundredths of a percent of the mid, or null without two sides. */
export function spreadBps(bid: string | undefined, ask: string | undefined): number | null {
  if (bid === undefined || ask === undefined) return null;
  const mid = (Number(bid) + Number(ask)) / 2;
  return mid > 0 ? ((Number(ask) - Number(bid)) / mid) * 10_000 : null;
}
