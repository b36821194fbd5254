import { expect, test } from "vitest";

import type { Account, Halt } from "../../src/api/types.gen";
import { Watch } from "../../src/news/watch";
import { fill } from "../rows";

const account = (model: string, return_percent: string | null): Account => ({ model, return_percent, time_ms: 1 }) as Account;
const halt = (since_ms: number): Halt => ({ model: "qwen", reason: "PERSON", author: "a", since_ms, until_ms: null, detail: "" });
const nothing = { fills: [], accounts: [], halts: [] };

test("what stands at the first moment is no news", () => {
  const watch = new Watch();
  const present = { fills: [fill("qwen", 1)], accounts: [account("qwen", "1"), account("b", "0")], halts: [halt(5)] };
  expect(watch.note(present)).toEqual([]);
  expect(watch.note(present)).toEqual([]);
});

test("an order filled in parts is news once, by its role", () => {
  const watch = new Watch();
  watch.note(nothing);
  const parts = [fill("qwen", 1), fill("qwen", 2)];
  expect(watch.note({ ...nothing, fills: parts }).map(({ kind }) => kind)).toEqual(["entry"]);
  const stop = { ...fill("qwen", 3), order_id: 2, role: "stop" as const, time_ms: 3 };
  const target = { ...fill("qwen", 4), order_id: 3, role: "target" as const, time_ms: 2 };
  expect(watch.note({ ...nothing, fills: [stop, target, ...parts] }).map(({ kind }) => kind)).toEqual(["exit", "stop"]);
});

test("the lead changes by a tenth of a point at least", () => {
  const watch = new Watch();
  const stand = (a: string, b: string) =>
    watch.note({ ...nothing, accounts: [account("a", a), account("b", b), account("c", null)] }).map(({ key }) => key);
  expect(stand("1", "0")).toEqual([]);
  expect(stand("1", "1.05")).toEqual([]);
  expect(stand("1", "1.1")).toEqual(["lead b 1"]);
  expect(stand("1.15", "1.1")).toEqual([]);
});

test("each halt is news once", () => {
  const watch = new Watch();
  watch.note({ ...nothing, halts: [halt(5)] });
  expect(watch.note({ ...nothing, halts: [halt(5), halt(9)] }).map(({ kind }) => kind)).toEqual(["halt"]);
  expect(watch.note({ ...nothing, halts: [halt(9)] })).toEqual([]);
});
