import { expect, test } from "vitest";

import { deepestOf, depthOf, spreadBps } from "../src/book";
import { gridTime } from "../src/equity";
import { accountMarkers, candleMarkers } from "../src/markers";
import type { Trade } from "../src/types";

const T0 = 1_795_455_000_000;
const trade = (id: string, over: Partial<Trade> = {}): Trade => ({
  id,
  model: "qwen",
  symbol: "BTC",
  side: "LONG",
  entry_price: "100",
  exit_price: null,
  position_size: "1",
  leverage: 5,
  entry_time: T0,
  exit_time: null,
  pnl: null,
  pnl_percent: null,
  fees: "0",
  funding: "0",
  status: "OPEN",
  close_reason: null,
  entry_notional: "100",
  exit_notional: null,
  cycle_id: null,
  ...over,
});
const plain = (token: string): string => token;

test("candles show a long's entry as a buy and its end as a sale, oldest first, the same thing once", () => {
  const trades = [
    trade("b", { entry_time: T0 + 1_000, exit_time: T0 + 120_000, close_reason: "stop" }),
    trade("a"),
    trade("x", { symbol: "ETH" }),
  ];
  expect(candleMarkers(trades, "BTC", 60, plain)).toEqual([
    { time: gridTime(T0, 60), position: "belowBar", shape: "arrowUp", color: "--qwen", text: "Q entry" },
    { time: gridTime(T0 + 120_000, 60), position: "aboveBar", shape: "arrowDown", color: "--qwen", text: "Q stop" },
  ]);
  expect(candleMarkers([trade("s", { side: "SHORT" })], "BTC", 60, plain)[0]?.shape).toBe("arrowDown");
});

test("an account's line shows its own trades only, and none from before the line begins", () => {
  const trades = [trade("a", { exit_time: T0 + 60_000 }), trade("b", { model: "deepseek" })];
  const shapes = (fromMs: number): (string | undefined)[] =>
    accountMarkers(trades, "qwen", 60, gridTime(fromMs, 60), plain).map((mark) => mark.shape);
  expect(shapes(T0)).toEqual(["circle", "square"]);
  expect(shapes(T0 + 60_000)).toEqual(["square"]);
});

test("the book's depth adds up from the best price, against the fuller side", () => {
  const bids = [
    { price: "99", size: "1" },
    { price: "98", size: "3" },
    { price: "97", size: "9" },
  ];
  const asks = [{ price: "101", size: "2" }];
  const deepest = deepestOf([bids, asks], 2);
  expect(deepest).toBe(4);
  expect(depthOf(bids, 2, deepest).map((level) => [level.total, level.share])).toEqual([
    [1, 0.25],
    [4, 1],
  ]);
  expect(depthOf([], 2, 0)).toEqual([]);
  expect(spreadBps("99", "101")).toBeCloseTo(200, 9);
  expect(spreadBps(undefined, "101")).toBeNull();
});
