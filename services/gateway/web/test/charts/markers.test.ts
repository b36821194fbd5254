import { beforeEach, expect, test } from "vitest";

import { gridTime } from "../../src/charts/grid";
import { accountMarkers, candleMarkers } from "../../src/charts/markers";
import { roster } from "../../src/state/roster";
import { T0, THREE_AND_SEVEN, trade } from "../rows";

const plain = (token: string): string => token;

beforeEach(() => {
  roster.value = THREE_AND_SEVEN;
});

test("candles show a long's entry as a buy and its end as a sale, oldest first, the same thing once", () => {
  const trades = [
    trade("b", { entry_time: T0 + 1_000, exit_time: T0 + 120_000, close_reason: "stop" }),
    trade("a"),
    trade("x", { symbol: "ETH" }),
  ];
  expect(candleMarkers(trades, "BTC", 60, plain)).toEqual([
    { time: gridTime(T0, 60), position: "belowBar", shape: "arrowUp", color: "--contender-qwen", text: "◆ entry" },
    { time: gridTime(T0 + 120_000, 60), position: "aboveBar", shape: "arrowDown", color: "--contender-qwen", text: "◆ stop" },
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
