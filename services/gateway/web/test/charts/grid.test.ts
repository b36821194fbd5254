import { expect, test } from "vitest";

import type { Point } from "../../src/api/types.gen";
import { gapOf, gridTime, stepOf, toPoints } from "../../src/charts/grid";
import { T0 } from "../rows";


test("the step grows with the span", () => {
  const points: Point[] = [[T0, "10000"]];
  expect(stepOf([points], T0 + 60_000)).toBe(10);
  expect(stepOf([points], T0 + 40_000_000)).toBe(30);
  expect(stepOf([points, []], T0 + 72 * 3_600_000)).toBe(300);
  expect(stepOf([points], T0 + 365 * 86_400_000)).toBe(43_200);
  expect(stepOf([], T0)).toBe(10);
});

test("points stand on a grid of equal steps, gaps stay empty, and the newest step shows its last value", () => {
  const points: Point[] = [
    [T0 + 1_000, "10000"],
    [T0 + 31_000, "9990"],
    [T0 + 32_000, "9000"],
    [T0 + 33_000, "9980"],
  ];
  const t0 = gridTime(T0, 10);
  expect(toPoints(points, Number, 10, T0 + 55_000)).toEqual([
    { time: t0, value: 10_000 },
    { time: t0 + 10 },
    { time: t0 + 20 },
    { time: t0 + 30, value: 9_980 },
    { time: t0 + 40 },
  ]);
  expect(toPoints([], Number, 10, T0)).toEqual([]);
});

test("of several values in one step the spike stays", () => {
  const points: Point[] = [
    [T0, "10000"],
    [T0 + 11_000, "10100"],
    [T0 + 12_000, "8000"],
    [T0 + 13_000, "10050"],
    [T0 + 21_000, "10060"],
  ];
  const values = toPoints(points, Number, 10, T0 + 21_000).map((point) => ("value" in point ? point.value : null));
  expect(values).toEqual([10_000, 8_000, 10_060]);
});

test("values are shown as the caller wants them", () => {
  const inPercent = (text: string): number => (Number(text) / 10_000 - 1) * 100;
  const [point] = toPoints([[T0, "9990"]], inPercent, 60, T0);
  expect(point).toMatchObject({ value: expect.closeTo(-0.1, 9) });
});

test("a line is not drawn across hours in which nothing was recorded", () => {
  const before = Array.from({ length: 60 }, (_, minute): Point => [T0 + minute * 60_000, "1"]);
  const after = Array.from({ length: 60 }, (_, minute): Point => [T0 + (minute + 240) * 60_000, "2"]);
  const points = [...before, ...after];
  const drawn = toPoints(points, Number, 60, T0 + 300 * 60_000).filter((point) => "value" in point);
  const breaks = drawn.flatMap((point, index) => ("color" in point ? [index] : []));
  expect(breaks).toEqual([59]);
  expect(gapOf(points, 60)).toBe(360);
  expect(gapOf([], 60)).toBe(180);
});
