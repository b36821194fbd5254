import { expect, test } from "vitest";

import type { LeaderboardRow } from "../../src/api/types.gen";
import { countOf, ranked, verdictOf } from "../../src/statistics/ranks";

function row(model: string, return_percent: string | null, over: Partial<LeaderboardRow> = {}): LeaderboardRow {
  return { model, return_percent, rank: 9, btc_hours: 30, ...over } as LeaderboardRow;
}

test("benchmarks stand among the contenders, by the return shown now", () => {
  const standing = ranked(
    [row("a", "1.5"), row("b", "-2"), row("c", null)],
    [
      { name: "btc_hold", return_percent: "1.5" },
      { name: "equal_weight", return_percent: "10" },
    ],
  );
  expect(standing.map((each) => [each.rank, each.kind === "model" ? each.row.model : each.row.name])).toEqual([
    [1, "equal_weight"],
    [2, "a"],
    [2, "btc_hold"],
    [4, "b"],
    [5, "c"],
  ]);
});

test("a contender beats BTC only where the whole band lies above nothing", () => {
  const band = (low: string | null, high: string | null) =>
    verdictOf(row("a", "1", { btc_excess_percent: "1", btc_excess_low_percent: low, btc_excess_high_percent: high }));
  expect(band("0.1", "2").answer).toBe("yes");
  expect(band("-2", "-0.1").answer).toBe("no");
  expect(band("-0.1", "2").answer).toBe("open");
  expect(band("0", "2").answer).toBe("open");
  expect(band(null, null)).toEqual({ answer: "early", hours: 30, excess: "1", low: null, high: null });
});

test("a ratio says how many observations it is made of; a sum does not", () => {
  const counts = { trades: 7, return_hours: 40, confidence_trades: 5, leverage_trades: 6, timed_decisions: 90 };
  const found = ["win_rate_percent", "sharpe", "brier", "median_leverage", "average_latency_ms", "fees", "trades"];
  expect(found.map((name) => countOf(name, counts))).toEqual([7, 40, 5, 6, 90, null, null]);
});
