import { expect, test } from "vitest";

import { gridTime, stepOf, toPoints } from "../src/equity";

const T0 = 1_795_455_000_000;

test("the step grows with the span", () => {
  const series = [{ model: "qwen", points: [[T0, "10000"]] as [number, string][] }];
  expect(stepOf(series, T0 + 60_000)).toBe(10);
  expect(stepOf(series, T0 + 7_000_000)).toBe(60);
  expect(stepOf(series, T0 + 72 * 3_600_000)).toBe(900);
  expect(stepOf([], T0)).toBe(10);
});

test("points stand on a grid of equal steps, the last of a step wins, and gaps stay empty", () => {
  const points: [number, string][] = [
    [T0 + 1_000, "10000"],
    [T0 + 4_000, "10010"],
    [T0 + 31_000, "9990"],
  ];
  const t0 = gridTime(T0, 10);
  expect(toPoints(points, 10_000, false, 10, T0 + 55_000)).toEqual([
    { time: t0, value: 10_010 },
    { time: t0 + 10 },
    { time: t0 + 20 },
    { time: t0 + 30, value: 9_990 },
    { time: t0 + 40 },
  ]);
  expect(toPoints(points, 10_000, true, 60, T0 + 55_000)).toEqual([{ time: gridTime(T0, 60), value: expect.closeTo(-0.1, 9) }]);
  expect(toPoints([], 10_000, false, 10, T0)).toEqual([]);
});
