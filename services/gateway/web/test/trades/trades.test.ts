import { expect, test } from "vitest";

import { dayBars, histogramBars } from "../../src/trades/groups";
import { resultOf } from "../../src/trades/result";
import { orderOf, pressed, sorted } from "../../src/trades/sorting";
import { T0, trade } from "../rows";

const present = { ms: T0 + 60_000, priceOf: () => "110" };
const sum = { trades_won: 0, fees: "0", funding: "0" };

test("an open trade's result follows the price shown, net of fees and funding and of what was closed before", () => {
  const long = trade("a", {
    ...{ position_size: "3", open_size: "2", entry_notional: "300", exit_notional: "104" },
    ...{ fees: "0.5", funding: "0.25" },
  });
  expect(resultOf(long, "101")).toEqual({ pnl: 5.25, percent: (5.25 / 60) * 100 });
  const short = trade("b", { side: "SHORT", leverage: null, fees: "0.1" });
  expect(resultOf(short, "98").pnl).toBeCloseTo(1.9, 9);
  expect(resultOf(short, "98").percent).toBeNull();
  expect(resultOf(short, undefined)).toEqual({ pnl: null, percent: null });
});

test("an ended trade's result is the recorded one, whatever the price", () => {
  const ended = trade("a", { status: "CLOSED", pnl: "-3.5", pnl_percent: "-17.5", open_size: "0" });
  expect(resultOf(ended, "999")).toEqual({ pnl: -3.5, percent: -17.5 });
});

test("trades are sorted by what is shown, unknown figures last in either order", () => {
  const rows = [
    trade("open"),
    trade("lost", { status: "CLOSED", pnl: "-4", mae_percent: "-2", entry_time: T0 + 1 }),
    trade("won", { status: "CLOSED", pnl: "40", mae_percent: "-0.5", entry_time: T0 + 2 }),
  ];
  const ids = (named: string | null): string[] => sorted(rows, orderOf(named), present).map((row) => row.id);
  expect(ids(null)).toEqual(["won", "lost", "open"]);
  expect(ids("-pnl")).toEqual(["won", "open", "lost"]);
  expect(ids("pnl")).toEqual(["lost", "open", "won"]);
  expect(ids("mae")).toEqual(["lost", "won", "open"]);
  expect(ids("-mae")).toEqual(["won", "lost", "open"]);
  expect(ids("nonsense")).toEqual(ids(null));
});

test("a press on a head sorts highest first, a second one lowest first, and newest first needs no name", () => {
  expect(pressed("pnl", orderOf(null))).toBe("-pnl");
  expect(pressed("pnl", orderOf("-pnl"))).toBe("pnl");
  expect(pressed("pnl", orderOf("pnl"))).toBe("-pnl");
  expect(pressed("entry_time", orderOf("pnl"))).toBeNull();
});

test("days without an ended trade stay in their place, and results without one too", () => {
  const day = 86_400_000;
  const days = dayBars([
    { day_ms: 20_000 * day, trades: 2, pnl: "5", ...sum },
    { day_ms: 20_003 * day, trades: 1, pnl: "-1", ...sum },
  ]);
  expect(days.map((bar) => [bar.name, bar.height])).toEqual([
    ["2024-10-04", 5],
    ["2024-10-05", 0],
    ["2024-10-06", 0],
    ["2024-10-07", -1],
  ]);
  expect(dayBars([])).toEqual([]);
  const results = histogramBars([
    { from_percent: -5, trades: 3, pnl: "-9", ...sum },
    { from_percent: 5, trades: 1, pnl: "4", ...sum },
  ]);
  expect(results.map((bar) => [bar.height, bar.isLoss])).toEqual([
    [3, true],
    [0, false],
    [1, false],
  ]);
});
