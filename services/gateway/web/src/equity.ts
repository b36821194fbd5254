/** The account chart's points: a grid of equal steps, so that the chart's axis is time and not the number of points. */

import type { UTCTimestamp } from "lightweight-charts";

import { chartTime } from "./format";
import type { EquitySeries } from "./types";

const STEPS_S = [10, 60, 300, 900, 3600, 14_400, 86_400] as const;
const MOST_POINTS = 600;

export type Point = { time: UTCTimestamp; value: number } | { time: UTCTimestamp };

/** When the step began that a time lies in, as the chart counts. */
export function gridTime(ms: number, stepS: number): UTCTimestamp {
  const time = chartTime(ms);
  return (time - (time % stepS)) as UTCTimestamp;
}

/** The shortest step at which all series fit on the chart. */
export function stepOf(series: EquitySeries[], nowMs: number): number {
  const first = Math.min(nowMs, ...series.flatMap((row) => row.points.slice(0, 1).map(([ms]) => ms)));
  const spanS = (nowMs - first) / 1000;
  return STEPS_S.find((step) => spanS / step <= MOST_POINTS) ?? 86_400;
}

/** One point a step, its last value; steps without one stay empty, up to the one before now. In dollars or percent. */
export function toPoints(
  points: [number, string][],
  start: number,
  inPercent: boolean,
  stepS: number,
  nowMs: number,
): Point[] {
  const byStep = new Map<number, number>();
  for (const [ms, equity] of points) {
    const value = Number(equity);
    byStep.set(gridTime(ms, stepS), inPercent ? (value / start - 1) * 100 : value);
  }
  if (!byStep.size) return [];
  const times = [...byStep.keys()];
  const end = Math.max(...times, gridTime(nowMs, stepS) - stepS);
  const grid: Point[] = [];
  for (let time = Math.min(...times); time <= end; time += stepS) {
    const value = byStep.get(time);
    grid.push(value === undefined ? { time: time as UTCTimestamp } : { time: time as UTCTimestamp, value });
  }
  return grid;
}
