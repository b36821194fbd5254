/** Trades as markers on the charts: where each contender entered and left. What lies closer together than a marker is
 * wide becomes one, with the number of what it stands for. */

import type { SeriesMarker, Time, UTCTimestamp } from "lightweight-charts";

import type { Trade } from "../api/types.gen";
import { lookOf } from "../state/roster";
import { chartTime } from "../words/format";
import { gridTime } from "./grid";

export interface Execution {
  trade: Trade;
  ms: number;
  isBuy: boolean;
  isEntry: boolean;
}

type ColorOf = (token: string) => string;

const MARKER_PX = 14;

/** How many seconds one marker covers on a chart of that width: whole steps. */
export function cellOf(spanS: number, widthPx: number, stepS: number): number {
  const most = Math.max(1, Math.floor(widthPx / MARKER_PX));
  return Math.max(1, Math.ceil(spanS / most / stepS)) * stepS;
}

/** On candles: an arrow up for buys, down for sales, with the contenders' marks. */
export function candleMarkers(trades: Trade[], symbol: string, stepS: number, colorOf: ColorOf): SeriesMarker<Time>[] {
  const executions = executionsOf(trades).filter((each) => each.trade.symbol === symbol);
  return clustered(executions, stepS, (each) => `${each.trade.model} ${each.isBuy}`, ([first, ...more], time) => ({
    time,
    position: first.isBuy ? "belowBar" : "aboveBar",
    shape: first.isBuy ? "arrowUp" : "arrowDown",
    color: colorOf(lookOf(first.trade.model).token),
    text: `${lookOf(first.trade.model).glyph}${more.length ? ` ×${more.length + 1}` : ""}`,
  }));
}

/** On a contender's account line: a dot where it entered, a square where it left; none from before the line begins. */
export function accountMarkers(
  trades: Trade[],
  model: string,
  cellS: number,
  fromS: number,
  colorOf: ColorOf,
): SeriesMarker<Time>[] {
  const executions = executionsOf(trades).filter((each) => each.trade.model === model && chartTime(each.ms) >= fromS);
  return clustered(executions, cellS, () => "", ([first, ...more], time) => ({
    time,
    position: "inBar",
    shape: first.isEntry || more.length ? "circle" : "square",
    color: colorOf(lookOf(model).token),
    size: more.length ? 0.9 : 0.5,
    ...(more.length > 0 && { text: String(more.length + 1) }),
  }));
}

export function executionsOf(trades: Trade[]): Execution[] {
  return trades.flatMap((trade) => {
    const isLong = trade.side === "LONG";
    const entry: Execution = { trade, ms: trade.entry_time, isBuy: isLong, isEntry: true };
    return trade.exit_time === null ? [entry] : [entry, { trade, ms: trade.exit_time, isBuy: !isLong, isEntry: false }];
  });
}

/** What a marker at a chart's time stands for, newest first. */
export function executionsAt(trades: Trade[], timeS: number, cellS: number): Execution[] {
  const cell = timeS - (timeS % cellS);
  return executionsOf(trades)
    .filter((each) => gridTime(each.ms, cellS) === cell)
    .sort((a, b) => b.ms - a.ms);
}

/** One marker per cell and kind, oldest first, as the chart wants them. */
function clustered(
  executions: Execution[],
  cellS: number,
  kindOf: (execution: Execution) => string,
  draw: (cluster: [Execution, ...Execution[]], time: UTCTimestamp) => SeriesMarker<Time>,
): SeriesMarker<Time>[] {
  const clusters = new Map<string, [Execution, ...Execution[]]>();
  for (const each of executions) {
    const key = `${gridTime(each.ms, cellS)} ${kindOf(each)}`;
    const cluster = clusters.get(key);
    if (cluster) cluster.push(each);
    else clusters.set(key, [each]);
  }
  return [...clusters.values()]
    .map((cluster) => draw(cluster, gridTime(cluster[0].ms, cellS)))
    .sort((a, b) => Number(a.time) - Number(b.time));
}
