import { expect, test } from "vitest";

import { ownersOf } from "../src/tape";
import type { Fill } from "../src/types";

const fill = (model: string, trade_id: number, symbol = "BTC"): Fill => ({
  ...{ id: `${model}:${trade_id}`, model, symbol, side: "BUY", price: "1", size: "1", fee: "0", closed_pnl: "0" },
  ...{ role: "ENTRY", trade_id, time_ms: 1 },
});

test("a trade of the market is a model's own when it has the fill's trade id and coin", () => {
  const owners = ownersOf([fill("qwen", 1), fill("deepseek", 2), fill("deepseek", 3, "ETH")], "BTC");
  expect([...owners]).toEqual([
    [1, ["qwen"]],
    [2, ["deepseek"]],
  ]);
});

test("a trade between the two models is both's, each named once", () => {
  const owners = ownersOf([fill("qwen", 1), fill("deepseek", 1), fill("qwen", 1)], "BTC");
  expect(owners.get(1)).toEqual(["deepseek", "qwen"]);
});
