import { expect, test } from "vitest";

import { lineOf } from "../../src/words/boards/lines";

test("a line shows its time, level, words and figures", () => {
  const raw = JSON.stringify({ ts: "2026-11-30T20:00:00Z", level: "warning", event: "slow", service: "risk", n: 3, who: "a" });
  const { level, text, isTrouble } = lineOf(raw);
  expect([level, text, isTrouble]).toEqual(["warning", "slow n=3 who=a", true]);
});

test("what is no JSON object stands as it is", () => {
  for (const raw of ['{"ts": "2026', "[1]", "null"]) expect(lineOf(raw).text).toBe(raw);
});
