import { beforeEach, expect, test } from "vitest";

import type { Channel } from "../src/feed";
import { accounts, apply, decisions, mergePrices, positions, prices } from "../src/store";
import type { Price } from "../src/types";

const push = (channel: Channel, data: object): void =>
  apply({ channel, seq: 1, time_ms: 1, data: data as Record<string, unknown> });
const quote = (price: string, time_ms: number): Price => ({ price, mark_price: price, time_ms });

beforeEach(() => {
  prices.value = {};
  positions.value = {};
  accounts.value = {};
  decisions.value = [];
});

test("the newer price stays whichever way it came, and yesterday's price with it", () => {
  const known = mergePrices({ BTC: quote("2", 20) }, { BTC: { ...quote("1", 10), prev_day_price: "9" } });
  expect(known["BTC"]).toEqual({ ...quote("2", 20), prev_day_price: "9" });
  expect(mergePrices(known, { BTC: quote("3", 30) })["BTC"]).toEqual({ ...quote("3", 30), prev_day_price: "9" });
});

test("a position that was closed while nobody listened is gone after the snapshot", () => {
  push("position_update", { model: "qwen", positions: [{ model: "qwen", symbol: "BTC" }] });
  push("position_update", { model: "deepseek", positions: [{ model: "deepseek", symbol: "ETH" }] });
  push("position_update", { snapshot: true, positions: [{ model: "deepseek", symbol: "ETH" }] });
  expect(Object.keys(positions.value)).toEqual(["deepseek"]);
});

test("an account's push changes that account only", () => {
  push("account_update", { snapshot: true, accounts: [{ model: "qwen", equity: "1" }, { model: "deepseek", equity: "2" }] });
  push("account_update", { model: "qwen", equity: "3" });
  expect(accounts.value["qwen"]?.equity).toBe("3");
  expect(accounts.value["deepseek"]?.equity).toBe("2");
});

test("a decision that comes again replaces its row", () => {
  push("ai_decision", { id: "a", time_ms: 1, verdict: "NONE" });
  push("ai_decision", { id: "a", time_ms: 1, verdict: "APPROVED" });
  expect(decisions.value.map((row) => row.verdict)).toEqual(["APPROVED"]);
});
