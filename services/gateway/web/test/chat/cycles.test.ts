import { expect, test } from "vitest";

import { cyclesOf, foldedRows, isHold } from "../../src/chat/cycles";
import { decision } from "../rows";

const MODELS = ["deepseek", "qwen"];
const held = (cycle: number, model = "qwen") => decision(`${model} ${cycle}`, { cycle_id: `c${cycle}`, model, time_ms: cycle });
const acted = (cycle: number, model = "qwen") => ({ ...held(cycle, model), action: "LONG" as const, symbol: "BTC" });

/** "c5" for a cycle, "3×c4" for a fold of three that begins with c4. */
function shown(rows: ReturnType<typeof foldedRows>): string[] {
  return rows.map((row) => (row.kind === "cycle" ? row.cycle.id : `${row.cycles.length}×${row.cycles[0]?.id ?? ""}`));
}

test("a cycle has every contender's decision in the roster's order, the newest first", () => {
  const cycles = cyclesOf([held(2, "qwen"), held(1, "qwen"), held(2, "old"), held(2, "deepseek")], MODELS);
  expect(cycles.map(({ id }) => id)).toEqual(["c2", "c1"]);
  expect(cycles[0]?.decisions.map(({ model }) => model)).toEqual(["deepseek", "qwen", "old"]);
});

test("cycles in a row in which all held are one row, the newest cycle stands for itself", () => {
  const rows = [held(9), held(8), held(7), acted(6), held(5), acted(4), held(3), held(2), held(2, "deepseek"), held(1)];
  expect(shown(foldedRows(cyclesOf(rows, MODELS), new Set()))).toEqual(["c9", "2×c8", "c6", "c5", "c4", "3×c3"]);
});

test("an opened fold shows its cycles and stays open as it grows", () => {
  const rows = [held(9), held(8), held(7), acted(6)];
  const shownNow = (more: ReturnType<typeof held>[]) =>
    shown(foldedRows(cyclesOf([...more, ...rows], MODELS), new Set(["c8"])));
  expect(shownNow([])).toEqual(["c9", "2×c8", "c8", "c7", "c6"]);
  expect(shownNow([held(10)])).toEqual(["c10", "3×c9", "c9", "c8", "c7", "c6"]);
});

test("one contender that acted, or did not answer, keeps its cycle out of a fold", () => {
  const failed = { ...held(3, "deepseek"), outcome: "failed" as const, action: null };
  const rows = [held(5), held(4), acted(4, "deepseek"), held(3), failed, held(2), held(1)];
  expect(shown(foldedRows(cyclesOf(rows, MODELS), new Set()))).toEqual(["c5", "c4", "c3", "2×c2"]);
  expect(isHold(failed)).toBe(false);
});
