import { expect, test } from "vitest";

import { columnsOf, isChange, showFigure } from "../../src/statistics/columns";
import { en } from "../../src/words/en";

test("labels decide which columns are shown, and in which order", () => {
  const names = columnsOf(en, "overall").map(({ name }) => name);
  expect(names[0]).toBe("equity");
  expect(names).toContain("sharpe");
  expect(columnsOf(en, "decisions").find(({ name }) => name === "brier")?.label).toBe("BRIER SCORE");
});

test("a column's name says how its figures are shown", () => {
  const shown: Record<string, [string | number | null, string]> = {
    equity: ["10421.337", "10,421.34"],
    return_percent: ["-4.21", "−4.21%"],
    return_band_low_percent: ["1.5", "+1.50%"],
    win_rate_percent: ["48.78", "48.8%"],
    max_drawdown_percent: ["3.214", "3.21%"],
    biggest_win: ["12.5", "+12.50"],
    sharpe: ["1.234", "1.23"],
    brier: ["0.0784", "0.078"],
    trades: [1234, "1,234"],
    average_holding_ms: [65_000, "1m 05s"],
    average_latency_ms: [812, "812 ms"],
    median_leverage: ["4.5", "4.5x"],
    prompt_tokens: [123_456, "123.5K"],
    cost_usd: ["0.12345", "0.1235"],
    residual_percent: ["0.00123", "0.0012%"],
  };
  for (const [name, [value, text]] of Object.entries(shown)) expect([name, showFigure(name, value)]).toEqual([name, text]);
});

test("a new column is shown by its unit, and as a plain number without one", () => {
  expect(showFigure("median_slippage_percent", "12.34")).toBe("12.3%");
  expect(showFigure("average_wait_ms", 90)).toBe("90 ms");
  expect(showFigure("calmar", "1.5")).toBe("1.50");
  expect(showFigure("calmar", null)).toBe("—");
  expect(showFigure("calmar", undefined)).toBe("—");
});

test("only returns and P&L have an arrow", () => {
  expect(["return_percent", "total_pnl", "net_realized", "sharpe"].map(isChange)).toEqual([true, true, true, false]);
});
