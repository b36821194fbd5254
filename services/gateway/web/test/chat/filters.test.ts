import { expect, test } from "vitest";

import { filtersOf, isShown, localMinute, parametersOf, secondsToNext } from "../../src/chat/filters";
import { decision } from "../rows";

const read = (text: string) => filtersOf(new URLSearchParams(text), ["deepseek", "qwen"], ["BTC", "ETH"]);

test("the address names the filters, and what it does not know is none", () => {
  expect(read("model=qwen&action=LONG&symbol=ETH&verdict=DENIED&at=1700000000000")).toEqual({
    ...{ model: "qwen", action: "LONG", symbol: "ETH", verdict: "DENIED", until: 1_700_000_000_000 },
  });
  const none = { model: null, action: null, symbol: null, verdict: null, until: null };
  expect(read("model=gpt&action=BUY&symbol=PEPE&verdict=x&at=-1")).toEqual(none);
  expect(read("at=now")).toEqual(none);
  expect(parametersOf(read("action=HOLD&at=5"))).toMatchObject({ action: "HOLD", model: null, until_ms: "5" });
});

test("a pushed decision is shown where it matches every filter", () => {
  const row = decision("1", { model: "qwen", action: "LONG", symbol: "ETH", verdict: "DENIED", time_ms: 10 });
  for (const text of ["", "model=qwen", "action=LONG&symbol=ETH", "verdict=DENIED&at=10"]) {
    expect(isShown(row, read(text)), text).toBe(true);
  }
  for (const text of ["model=deepseek", "action=HOLD", "symbol=BTC", "verdict=NONE", "at=9"]) {
    expect(isShown(row, read(text)), text).toBe(false);
  }
});

test("a moment goes into the form and back in local time", () => {
  const ms = new Date(2026, 10, 30, 14, 3).getTime();
  expect(localMinute(ms)).toBe("2026-11-30T14:03");
  expect(new Date(localMinute(ms)).getTime()).toBe(ms);
});

test("the next decision comes at the next whole interval", () => {
  expect(secondsToNext(60_000, 60)).toBe(60);
  expect(secondsToNext(60_001, 60)).toBe(60);
  expect(secondsToNext(113_000, 60)).toBe(7);
  expect(secondsToNext(119_999, 60)).toBe(1);
  expect(secondsToNext(90_000, 60, 10)).toBe(3);
});
