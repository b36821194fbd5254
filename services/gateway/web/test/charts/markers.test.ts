import { beforeEach, expect, test } from "vitest";

import { gridTime } from "../../src/charts/grid";
import { accountMarkers, candleMarkers, cellOf, executionsAt } from "../../src/charts/markers";
import { roster } from "../../src/state/roster";
import { T0, THREE_AND_SEVEN, trade } from "../rows";

const plain = (token: string): string => token;
const MINUTE_MS = 60_000;

beforeEach(() => {
  roster.value = THREE_AND_SEVEN;
});

test("candles show a long's entry as a buy and its end as a sale, oldest first, with how many a marker stands for", () => {
  const trades = [
    trade("b", { entry_time: T0 + 1_000, exit_time: T0 + 2 * MINUTE_MS, close_reason: "stop" }),
    trade("a"),
    trade("x", { symbol: "ETH" }),
  ];
  expect(candleMarkers(trades, "BTC", 60, plain)).toEqual([
    { time: gridTime(T0, 60), position: "belowBar", shape: "arrowUp", color: "--contender-qwen", text: "◆ ×2" },
    { time: gridTime(T0 + 2 * MINUTE_MS, 60), position: "aboveBar", shape: "arrowDown", color: "--contender-qwen", text: "◆" },
  ]);
  expect(candleMarkers([trade("s", { side: "SHORT" })], "BTC", 60, plain)[0]?.shape).toBe("arrowDown");
});

test("an account's line shows its own trades only, and none from before the line begins", () => {
  const trades = [trade("a", { exit_time: T0 + MINUTE_MS }), trade("b", { model: "deepseek" })];
  const shapes = (fromMs: number): (string | undefined)[] =>
    accountMarkers(trades, "qwen", 60, gridTime(fromMs, 60), plain).map((mark) => mark.shape);
  expect(shapes(T0)).toEqual(["circle", "square"]);
  expect(shapes(T0 + MINUTE_MS)).toEqual(["square"]);
});

test("five hundred trades are as many markers as fit, and each counts what it stands for", () => {
  const trades = Array.from({ length: 500 }, (_, number) =>
    trade(`t${number}`, { entry_time: T0 + number * 10 * MINUTE_MS, exit_time: T0 + (number * 10 + 5) * MINUTE_MS }),
  );
  const cellS = cellOf(5_000 * 60, 700, 300);
  const markers = accountMarkers(trades, "qwen", cellS, 0, plain);
  expect(cellS % 300).toBe(0);
  expect(markers.length).toBeLessThanOrEqual(51);
  expect(markers.reduce((sum, mark) => sum + Number(mark.text ?? 1), 0)).toBe(1_000);
  const [first] = markers;
  expect(executionsAt(trades, Number(first?.time) + cellS - 1, cellS).length).toBe(Number(first?.text));
});
