/** Candles as the price chart's bars, and how a pushed price changes the last one. */

import type { UTCTimestamp } from "lightweight-charts";

import type { Candle } from "../api/types.gen";
import { chartTime } from "../words/format";

export interface Bar {
  time: UTCTimestamp;
  open: number;
  high: number;
  low: number;
  close: number;
}

export function barsOf(candles: Candle[]): Bar[] {
  return candles.map((row) => ({
    time: chartTime(row.open_time_ms) as UTCTimestamp,
    open: Number(row.open),
    high: Number(row.high),
    low: Number(row.low),
    close: Number(row.close),
  }));
}

/** The last bar with a price in it: widened, or a new bar; null when the price is older than the bar. */
export function withPrice(last: Bar, close: number, ms: number, lengthS: number): Bar | null {
  const seconds = chartTime(ms);
  const time = (seconds - (seconds % lengthS)) as UTCTimestamp;
  if (time < last.time) return null;
  if (time > last.time) return { time, open: close, high: close, low: close, close };
  return { ...last, high: Math.max(last.high, close), low: Math.min(last.low, close), close };
}
