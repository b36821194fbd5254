/** The account chart's points: a grid of equal steps, so that the chart's axis is time and not the number of points. */

import type { UTCTimestamp } from "lightweight-charts";

import type { Point } from "../api/types.gen";
import { chartTime } from "../words/format";

const STEPS_S = [10, 30, 60, 300, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400] as const;
const MAX_STEPS = 1_500;

/** A line is drawn from each point in the color of that point: none before a gap. */
export type GridPoint = { time: UTCTimestamp; value: number; color?: string } | { time: UTCTimestamp };

/** Points come at most this many times as far apart as they mostly do: beyond, nothing was recorded. */
const GAP_FACTOR = 6;
const USUAL_SHARE = 0.95;

/** When the step began that a time lies in, as the chart counts. */
export function gridTime(ms: number, stepS: number): UTCTimestamp {
  const time = chartTime(ms);
  return (time - (time % stepS)) as UTCTimestamp;
}

/** The shortest step at which everything since the first point fits on the chart. */
export function stepOf(lines: Point[][], nowMs: number): number {
  const first = Math.min(nowMs, ...lines.flatMap((points) => points.slice(0, 1).map(([ms]) => ms)));
  const spanS = (nowMs - first) / 1000;
  return STEPS_S.find((step) => spanS / step <= MAX_STEPS) ?? 86_400;
}

/** From how many seconds without a point on something is missing. */
export function gapOf(points: Point[], stepS: number): number {
  const spans = points.slice(1).map(([ms], index) => ms - (points[index]?.[0] ?? ms));
  const usual = spans.sort((a, b) => a - b).slice(0, Math.ceil(spans.length * USUAL_SHARE));
  const mean = usual.reduce((sum, span) => sum + span, 0) / Math.max(1, usual.length);
  return Math.max(3 * stepS, (GAP_FACTOR * mean) / 1000);
}

/** One value a step; steps without one stay empty, up to the one before now. Of several values in one step the one that
 * is farthest from the step before stays, so that no spike is lost; of the newest step the last, which is the present. */
export function toPoints(points: Point[], valueOf: (text: string) => number, stepS: number, nowMs: number): GridPoint[] {
  const steps = new Map<number, number[]>();
  for (const [ms, text] of points) {
    const time = gridTime(ms, stepS);
    const values = steps.get(time);
    if (values) values.push(valueOf(text));
    else steps.set(time, [valueOf(text)]);
  }
  const times = [...steps.keys()];
  const [first, newest] = [times[0], times.at(-1)];
  if (first === undefined || newest === undefined) return [];
  const end = Math.max(newest, gridTime(nowMs, stepS) - stepS);
  const grid: GridPoint[] = [];
  const gapS = gapOf(points, stepS);
  let last: { time: number; value: number; color?: string } | null = null;
  for (let time = first; time <= end; time += stepS) {
    const values = steps.get(time);
    if (values) {
      const value: number = last === null || time === newest ? (values.at(-1) ?? 0) : farthest(values, last.value);
      if (last !== null && time - last.time > gapS) last.color = "transparent";
      const point = { time: time as UTCTimestamp, value };
      grid.push(point);
      last = point;
    } else grid.push({ time: time as UTCTimestamp });
  }
  return grid;
}

function farthest(values: number[], from: number): number {
  return values.reduce((best, value) => (Math.abs(value - from) > Math.abs(best - from) ? value : best));
}
