/** Fills as marks on the charts: where each model got in and out. */

import type { SeriesMarker, Time, UTCTimestamp } from "lightweight-charts";

import { gridTime } from "./equity";
import { look } from "./models";
import type { Fill } from "./types";

/** On candles: an arrow up for a buy, down for a sale, with the model's letter and what the fill was for. */
export function candleMarkers(
  rows: Fill[],
  symbol: string,
  stepS: number,
  colour: (token: string) => string,
): SeriesMarker<Time>[] {
  return marks(
    rows.filter((row) => row.symbol === symbol),
    stepS,
    (row, time) => {
      const { name, token } = look(row.model);
      const isBuy = row.side === "BUY";
      return {
        time,
        position: isBuy ? "belowBar" : "aboveBar",
        shape: isBuy ? "arrowUp" : "arrowDown",
        color: colour(token),
        text: `${name.slice(0, 1)} ${row.role}`,
      };
    },
  );
}

/** On a model's account line: a dot where it entered, a square where it left. */
export function accountMarkers(
  rows: Fill[],
  model: string,
  stepS: number,
  fromS: number,
  colour: (token: string) => string,
): SeriesMarker<Time>[] {
  return marks(
    rows.filter((row) => row.model === model),
    stepS,
    (row, time) => ({
      time,
      position: "inBar",
      shape: row.role === "entry" ? "circle" : "square",
      color: colour(look(model).token),
      size: 0.5,
    }),
  ).filter((mark) => Number(mark.time) >= fromS);
}

/** One mark a step, side and purpose: the parts of one order are one event. Oldest first, as the chart wants them. */
function marks(
  rows: Fill[],
  stepS: number,
  make: (row: Fill, time: UTCTimestamp) => SeriesMarker<Time>,
): SeriesMarker<Time>[] {
  const once = new Map<string, SeriesMarker<Time>>();
  for (const row of rows) {
    const time = gridTime(row.time_ms, stepS);
    once.set(`${time} ${row.model} ${row.side} ${row.role}`, make(row, time));
  }
  return [...once.values()].sort((a, b) => Number(a.time) - Number(b.time));
}
