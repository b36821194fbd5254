import { afterEach, expect, test } from "vitest";

import type { RuleResult } from "../../src/api/types.gen";
import { language } from "../../src/words/language";
import { describeRule } from "../../src/words/rules";

const rule = (code: string, value: string | null, limit: string | null, setting: string | null = null): RuleResult => ({
  ...{ code, value, limit, setting, passed: false, detail: null },
});

afterEach(() => {
  language.value = "en";
});

test("a failed rule is words with figure, limit and unit", () => {
  language.value = "en";
  expect(describeRule(rule("LEVERAGE", "12", "10", "MAX_LEVERAGE"))).toBe("leverage 12× (limit 10×)");
  expect(describeRule(rule("CONFIDENCE", "55.5", "60", "MIN_CONFIDENCE"))).toBe("confidence 55.5% (limit 60%)");
  expect(describeRule(rule("STALE_MARK", "12500", "5000", "MAX_MARK_AGE_MS"))).toBe(
    "age of the mark price 12,500 ms (limit 5,000 ms)",
  );
  expect(describeRule(rule("LOSS_BUDGET", "812.4", "700", "MAX_DAILY_LOSS_PERCENT"))).toBe(
    "at stake at the stops 812.4 $ (limit 700 $)",
  );
  expect(describeRule(rule("COOLDOWN", "12", "60", "ENTRY_COOLDOWN_S"))).toBe(
    "since the last entry on the coin 12 s (limit 60 s)",
  );
  expect(describeRule(rule("POSITION_HELD", "LONG", null))).toBe("coin is held already LONG");
});

test("the words are Chinese where the page is, and a rule without words is its code", () => {
  language.value = "zh";
  expect(describeRule(rule("LEVERAGE", "12", "10", "MAX_LEVERAGE"))).toBe("杠杆 12× (限值 10×)");
  expect(describeRule(rule("SAME_SIDE", "2", "2"))).toBe("SAME_SIDE 2 (限值 2)");
});
