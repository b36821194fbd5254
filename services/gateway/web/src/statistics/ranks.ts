/** Who stands where: contenders and benchmarks in one order, by return. Pure. */

import type { Benchmark, Figure, LeaderboardRow } from "../api/types.gen";

export type Ranked =
  | { kind: "model"; rank: number; row: LeaderboardRow }
  | { kind: "benchmark"; rank: number; row: Benchmark };

/** Rows by the returns they show now, the highest first; equal returns share a rank, those without one come last. */
export function ranked(rows: LeaderboardRow[], benchmarks: Benchmark[]): Ranked[] {
  const all = [
    ...rows.map((row) => ({ kind: "model" as const, row })),
    ...benchmarks.map((row) => ({ kind: "benchmark" as const, row })),
  ];
  const value = (each: { row: { return_percent: string | null } }): number =>
    each.row.return_percent === null ? -Infinity : Number(each.row.return_percent);
  const ordered = all.sort((one, other) => {
    const [first, second] = [value(one), value(other)];
    return first === second ? 0 : second - first;
  });
  return ordered.map((each) => ({ ...each, rank: 1 + ordered.filter((other) => value(other) > value(each)).length }));
}

export const LEAST_HOURS = 24;

export interface Verdict {
  answer: "yes" | "no" | "open" | "early";
  hours: number;
  excess: string | null;
  low: string | null;
  high: string | null;
}

/** Whether a contender beats holding BTC: only a band that leaves out 0 says so. */
export function verdictOf(row: LeaderboardRow): Verdict {
  const { btc_hours: hours, btc_excess_percent: excess } = row;
  const { btc_excess_low_percent: low, btc_excess_high_percent: high } = row;
  const known = { hours, excess, low, high };
  if (low === null || high === null) return { answer: "early", ...known };
  if (Number(low) > 0) return { answer: "yes", ...known };
  return { answer: Number(high) < 0 ? "no" : "open", ...known };
}

/** The column that counts what a ratio or a mean is made of, by the figure's column. */
const COUNTS: [RegExp, string][] = [
  [/^(sharpe|sortino|return_band_.*)$/, "return_hours"],
  [/^(win_rate_percent|profit_factor|expectancy|long_share_percent)$/, "trades"],
  [/^(average|median)_(trade_notional|holding_ms)$/, "trades"],
  [/^(average|median)_leverage$/, "leverage_trades"],
  [/^((average|median)_confidence|brier)$/, "confidence_trades"],
  [/^average_latency_ms$/, "timed_decisions"],
];

/** How many observations a figure is made of; null for a sum or a count, which need none. */
export function countOf(name: string, row: Record<string, Figure>): number | null {
  const column = COUNTS.find(([pattern]) => pattern.test(name))?.[1];
  const count = column === undefined ? null : row[column];
  return typeof count === "number" ? count : null;
}
