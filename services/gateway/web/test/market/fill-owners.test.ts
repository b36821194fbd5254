import { expect, test } from "vitest";

import { ownersOf } from "../../src/market/fill-owners";
import { fill } from "../rows";

test("a trade of the market is a model's own when it has the fill's trade id and coin", () => {
  const owners = ownersOf([fill("qwen", 1), fill("deepseek", 2), fill("deepseek", 3, "ETH")], "BTC");
  expect([...owners]).toEqual([
    [1, ["qwen"]],
    [2, ["deepseek"]],
  ]);
});

test("a trade between two contenders is both's, each named once", () => {
  const owners = ownersOf([fill("qwen", 1), fill("deepseek", 1), fill("qwen", 1)], "BTC");
  expect(owners.get(1)).toEqual(["deepseek", "qwen"]);
});
