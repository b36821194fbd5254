import { beforeEach, expect, test } from "vitest";

import type { Channel, Push } from "../../src/api/types.gen";
import { accounts, apply, decisions, mergePrices, positions, prices, type Quote } from "../../src/state/store";
import { position } from "../rows";

const push = (channel: Channel, data: object): void => apply({ channel, seq: 1, time_ms: 1, data } as Push);
const quote = (price: string, time_ms: number): Quote => ({ price, mark_price: price, time_ms });

beforeEach(() => {
  prices.value = {};
  positions.value = {};
  accounts.value = {};
  decisions.value = [];
});

test("the newer price stays whatever its source, with yesterday's price", () => {
  const known = mergePrices({ BTC: quote("2", 20) }, { BTC: { ...quote("1", 10), prev_day_price: "9" } });
  expect(known["BTC"]).toEqual({ ...quote("2", 20), prev_day_price: "9" });
  expect(mergePrices(known, { BTC: quote("3", 30) })["BTC"]).toEqual({ ...quote("3", 30), prev_day_price: "9" });
  const later = { BTC: quote("2", 20 + 86_400_000) };
  expect(mergePrices(later, { BTC: quote("4", 20) })["BTC"]).toEqual(quote("4", 20));
});

test("a position closed while disconnected is gone after the snapshot", () => {
  push("position_update", { model: "qwen", positions: [position("qwen", "BTC")] });
  push("position_update", { model: "deepseek", positions: [position("deepseek", "ETH")] });
  push("position_update", { snapshot: true, positions: [position("deepseek", "ETH")] });
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
