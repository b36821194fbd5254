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

/** On candles: an arrow up for a buy, down for a sale, with the model's letter and what it was for. */
export function candleMarkers(trades: Trade[], symbol: string, stepS: number, colorOf: ColorOf): SeriesMarker<Time>[] {
  const wanted = executionsOf(trades).filter((mark) => mark.symbol === symbol);
  return drawn(wanted, stepS, ({ model, isBuy, purpose }, time) => ({
    time,
    position: isBuy ? "belowBar" : "aboveBar",
    shape: isBuy ? "arrowUp" : "arrowDown",
    color: colorOf(lookOf(model).token),
    text: `${lookOf(model).name.slice(0, 1)} ${purpose}`,
  }));
}

/** On a model's account line: a dot where it entered, a square where it left; none from before the line begins. */
export function accountMarkers(
  trades: Trade[],
  model: string,
  stepS: number,
  fromS: number,
  colorOf: ColorOf,
): SeriesMarker<Time>[] {
  const wanted = executionsOf(trades).filter((mark) => mark.model === model && gridTime(mark.ms, stepS) >= fromS);
  return drawn(wanted, stepS, ({ purpose }, time) => ({
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

/** Oldest first, as the chart wants them; what falls on the same step and says the same is drawn once. */
function drawn(
  marks: Execution[],
  stepS: number,
  draw: (execution: Execution, time: UTCTimestamp) => SeriesMarker<Time>,
): SeriesMarker<Time>[] {
  const once = new Map<string, SeriesMarker<Time>>();
  for (const mark of marks) {
    const time = gridTime(mark.ms, stepS);
    once.set(`${time} ${mark.model} ${mark.symbol} ${mark.isBuy} ${mark.purpose}`, draw(mark, time));
  }
  return [...once.values()].sort((a, b) => Number(a.time) - Number(b.time));
}
