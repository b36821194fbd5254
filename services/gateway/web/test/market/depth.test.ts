import { expect, test } from "vitest";

import { deepestOf, depthOf, spreadBps } from "../../src/market/depth";

test("depth is cumulative from the best price, relative to the deeper side", () => {
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
