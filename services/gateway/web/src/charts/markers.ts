/** Trades as markers on the charts: where each contender entered and left. */

import type { SeriesMarker, Time, UTCTimestamp } from "lightweight-charts";

import type { Trade } from "../api/types.gen";
import { lookOf } from "../state/roster";
import { gridTime } from "./grid";

interface Execution {
  model: string;
  symbol: string;
  ms: number;
  isBuy: boolean;
  /** "entry", or why the trade was closed. */
  purpose: string;
}

type ColorOf = (token: string) => string;

/** On candles: an arrow up for a buy, down for a sale, with the contender's mark and the purpose. */
export function candleMarkers(trades: Trade[], symbol: string, stepS: number, colorOf: ColorOf): SeriesMarker<Time>[] {
  const executions = executionsOf(trades).filter((each) => each.symbol === symbol);
  return drawn(executions, stepS, ({ model, isBuy, purpose }, time) => ({
    time,
    position: isBuy ? "belowBar" : "aboveBar",
    shape: isBuy ? "arrowUp" : "arrowDown",
    color: colorOf(lookOf(model).token),
    text: `${lookOf(model).glyph} ${purpose}`,
  }));
}

/** On a contender's account line: a dot where it entered, a square where it left; none from before the line begins. */
export function accountMarkers(
  trades: Trade[],
  model: string,
  stepS: number,
  fromS: number,
  colorOf: ColorOf,
): SeriesMarker<Time>[] {
  const executions = executionsOf(trades).filter((each) => each.model === model && gridTime(each.ms, stepS) >= fromS);
  return drawn(executions, stepS, ({ purpose }, time) => ({
    time,
    position: "inBar",
    shape: purpose === "entry" ? "circle" : "square",
    color: colorOf(lookOf(model).token),
    size: 0.5,
  }));
}

function executionsOf(trades: Trade[]): Execution[] {
  return trades.flatMap(({ model, symbol, side, entry_time, exit_time, close_reason }) => {
    const isLong = side === "LONG";
    const entry: Execution = { model, symbol, ms: entry_time, isBuy: isLong, purpose: "entry" };
    if (exit_time === null) return [entry];
    return [entry, { model, symbol, ms: exit_time, isBuy: !isLong, purpose: close_reason ?? "exit" }];
  });
}

/** Oldest first, as the chart wants them; equal ones on the same step are drawn once. */
function drawn(
  executions: Execution[],
  stepS: number,
  draw: (execution: Execution, time: UTCTimestamp) => SeriesMarker<Time>,
): SeriesMarker<Time>[] {
  const once = new Map<string, SeriesMarker<Time>>();
  for (const each of executions) {
    const time = gridTime(each.ms, stepS);
    once.set(`${time} ${each.model} ${each.symbol} ${each.isBuy} ${each.purpose}`, draw(each, time));
  }
  return [...once.values()].sort((a, b) => Number(a.time) - Number(b.time));
}
