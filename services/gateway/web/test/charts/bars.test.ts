import { expect, test } from "vitest";

import { type Bar, barsOf, withPrice } from "../../src/charts/bars";
import { T0 } from "../rows";

const candle = {
  ...{ open_time_ms: T0, close_time_ms: T0 + 59_999, open: "10", high: "12", low: "9", close: "11" },
  ...{ volume: "5", trade_count: 3, is_closed: false, time_ms: T0 },
};

test("a price within the bar's time widens it", () => {
  const [bar] = barsOf([candle]) as [Bar];
  expect(withPrice(bar, 13, T0 + 5_000, 60)).toEqual({ ...bar, high: 13, close: 13 });
  expect(withPrice(bar, 8, T0 + 5_000, 60)).toEqual({ ...bar, low: 8, close: 8 });
});

test("a later price starts a new bar, an earlier one changes nothing", () => {
  const [bar] = barsOf([candle]) as [Bar];
  expect(withPrice(bar, 13, T0 + 61_000, 60)).toMatchObject({ open: 13, high: 13, low: 13, close: 13 });
  expect(withPrice(bar, 13, T0 - 1_000, 60)).toBeNull();
});
