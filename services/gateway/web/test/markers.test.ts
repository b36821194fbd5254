import { expect, test } from "vitest";

import { deepestOf, depthOf, spreadBps } from "../src/book";
import { gridTime } from "../src/equity";
import { accountMarkers, candleMarkers } from "../src/markers";
import type { Fill } from "../src/types";

const T0 = 1_795_455_000_000;
const fill = (id: string, over: Partial<Fill> = {}): Fill => ({
  id,
  model: "qwen",
  symbol: "BTC",
  side: "BUY",
  price: "100",
  size: "1",
  fee: "0",
  closed_pnl: "0",
  role: "entry",
  time_ms: T0,
  ...over,
});
const plain = (token: string): string => token;

test("candles show each side with its arrow, oldest first, the parts of one order once", () => {
  const rows = [
    fill("c", { side: "SELL", role: "stop", time_ms: T0 + 120_000 }),
    fill("b", { time_ms: T0 + 1_000 }),
    fill("a"),
    fill("x", { symbol: "ETH" }),
  ];
  expect(candleMarkers(rows, "BTC", 60, plain)).toEqual([
    { time: gridTime(T0, 60), position: "belowBar", shape: "arrowUp", color: "--qwen", text: "Q entry" },
    { time: gridTime(T0 + 120_000, 60), position: "aboveBar", shape: "arrowDown", color: "--qwen", text: "Q stop" },
  ]);
});

test("an account's line shows its own trades only, and none from before the line begins", () => {
  const rows = [fill("a"), fill("b", { model: "deepseek" }), fill("c", { role: "exit", time_ms: T0 + 60_000 })];
  expect(accountMarkers(rows, "qwen", 60, gridTime(T0, 60), plain).map((mark) => mark.shape)).toEqual(["circle", "square"]);
  expect(accountMarkers(rows, "qwen", 60, gridTime(T0 + 60_000, 60), plain)).toHaveLength(1);
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
