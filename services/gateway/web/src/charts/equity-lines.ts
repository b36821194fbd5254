/** The lines of the account chart: created once, then kept up to date by effects, each for one kind of change. */

import {
  createSeriesMarkers,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineSeries,
  LineStyle,
  type Time,
} from "lightweight-charts";
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { Point, Responses, Trade } from "../api/types.gen";
import { marketTime } from "../state/clock";
import { lookOf } from "../state/roster";
import { accounts, now } from "../state/store";
import { theme, token } from "../ui/theme";
import { number, percent } from "../words/format";
import { locale } from "../words/language";
import { t } from "../words/words";
import { BENCHMARKS } from "./benchmarks";
import { alwaysFit, useChart } from "./chart";
import { gridTime, stepOf, toPoints } from "./grid";
import { accountMarkers } from "./markers";

const CENTS_BELOW_USD = 40;

type Answer = Responses["/equity"];

interface Line {
  series: ISeriesApi<"Line">;
  /** Null on a benchmark, which has no trades. */
  markers: ISeriesMarkersPluginApi<Time> | null;
}

/** What the effects share between renderings. */
interface Plot {
  chart: RefObject<IChartApi | null>;
  lines: RefObject<Map<string, Line>>;
  /** The grid of the loaded points: the length of a step, the newest whole step, the first step. */
  grid: RefObject<{ lengthS: number; newest: number; first: number }>;
  /** Whether the values differ so little that the axis needs cents. */
  hasCents: RefObject<boolean>;
}

/** What is drawn: `start` is the baseline, and what a benchmark's percentages are of. */
export interface Drawing {
  models: string[];
  value: Answer | null;
  trades: Trade[];
  start: number;
  inPercent: boolean;
  withBenchmarks: boolean;
}

/** Draws into `element`; returns the values under the crosshair by line, null without one, and their format. */
export function useEquityLines(
  element: RefObject<HTMLDivElement | null>,
  drawing: Drawing,
): { hover: Record<string, number> | null; format: (figure: number) => string } {
  const lines = useRef(new Map<string, Line>());
  const grid = useRef({ lengthS: 60, newest: 0, first: 0 });
  const hasCents = useRef(false);
  const [hover, setHover] = useState<Record<string, number> | null>(null);
  const chart = useChart(element, (made) => {
    alwaysFit(made);
    lines.current = createLines(made, drawing.models);
    made.subscribeCrosshairMove((moved) => {
      const values: Record<string, number> = {};
      for (const [name, { series }] of lines.current) {
        const point = moved.seriesData.get(series);
        if (point && "value" in point) values[name] = point.value;
      }
      setHover(moved.time !== undefined && Object.keys(values).length ? values : null);
    });
  });
  const plot: Plot = { chart, lines, grid, hasCents };
  const format = (figure: number): string =>
    drawing.inPercent ? percent(figure) : number(figure, hasCents.current ? 2 : 0);
  useStyles(plot, drawing, format);
  useData(plot, drawing);
  useMarkers(plot, drawing);
  useLiveValues(plot, drawing);
  return { hover, format };
}

function createLines(chart: IChartApi, models: string[]): Map<string, Line> {
  const lines = new Map<string, Line>();
  for (const name of BENCHMARKS) {
    const series = chart.addSeries(LineSeries, { lineWidth: 1, lastValueVisible: false, priceLineVisible: false });
    lines.set(name, { series, markers: null });
  }
  for (const model of models) {
    const series = chart.addSeries(LineSeries, { lineWidth: 2, priceLineVisible: false });
    lines.set(model, { series, markers: createSeriesMarkers(series, []) });
  }
  return lines;
}

/** Colors, titles and the axis's format. */
function useStyles({ lines }: Plot, { inPercent }: Drawing, format: (figure: number) => string): void {
  useEffect(() => {
    for (const [name, { series, markers }] of lines.current ?? []) {
      const isBenchmark = markers === null;
      series.applyOptions({
        color: token(isBenchmark ? "--muted" : lookOf(name).token),
        lineStyle: name === "btc_hold" ? LineStyle.Dashed : isBenchmark ? LineStyle.Dotted : LineStyle.Solid,
        title: isBenchmark ? "" : `${lookOf(name).glyph} ${lookOf(name).name}`,
        priceFormat: { type: "custom", minMove: 0.01, formatter: format },
      });
    }
  }, [theme.value, inPercent, locale()]);
}

/** The loaded points, and the baseline. */
function useData({ chart, lines, grid, hasCents }: Plot, drawing: Drawing): void {
  const { models, value, start, inPercent, withBenchmarks } = drawing;
  useEffect(() => {
    if (!value) return undefined;
    const nowMs = marketTime();
    const valueFrom = (base: number) => (text: string) =>
      inPercent ? (base > 0 ? (Number(text) / base - 1) * 100 : 0) : Number(text);
    const benchmarks = withBenchmarks ? value.benchmarks : [];
    const all = [...value.series.map((row) => row.points), ...benchmarks.map((row) => row.points)];
    const lengthS = stepOf(all, nowMs);
    hasCents.current = spreadOf(all) < CENTS_BELOW_USD;
    const first = Math.min(...all.flatMap((points) => points.slice(0, 1).map(([ms]) => gridTime(ms, lengthS))));
    grid.current = { lengthS, newest: gridTime(nowMs, lengthS) - lengthS, first };
    const draw = (name: string, points: Point[], base: number): void =>
      lines.current?.get(name)?.series.setData(toPoints(points, valueFrom(base), lengthS, nowMs));
    for (const row of value.series) draw(row.model, row.points, Number(row.start_balance));
    for (const row of benchmarks) draw(row.name, row.points, start);
    const owner = lines.current?.get(models[0] ?? "")?.series;
    const baseline = owner?.createPriceLine({
      price: inPercent ? 0 : start,
      color: token("--muted"),
      lineStyle: LineStyle.SparseDotted,
      lineWidth: 1,
      axisLabelVisible: false,
      title: t().start,
    });
    chart.current?.timeScale().applyOptions({ secondsVisible: lengthS < 60 });
    chart.current?.timeScale().fitContent();
    return () => {
      if (baseline) owner?.removePriceLine(baseline);
    };
  }, [value, inPercent, theme.value, locale()]);
}

/** The difference between the highest and the lowest value. */
function spreadOf(lines: Point[][]): number {
  const values = lines.flatMap((points) => points.map(([, text]) => Number(text)));
  return values.length ? Math.max(...values) - Math.min(...values) : 0;
}

function useMarkers({ lines, grid }: Plot, { trades, value }: Drawing): void {
  useEffect(() => {
    const { lengthS, first } = grid.current ?? { lengthS: 60, first: 0 };
    for (const [model, { markers }] of lines.current ?? [])
      markers?.setMarkers(accountMarkers(trades, model, lengthS, first, token));
  }, [trades, value, theme.value]);
}

/** Once a second the accounts' pushed values extend their lines. */
function useLiveValues({ chart, lines, grid }: Plot, { value, inPercent }: Drawing): void {
  useEffect(() => {
    const { lengthS, newest } = grid.current ?? { lengthS: 60, newest: 0 };
    let isLonger = false;
    for (const row of Object.values(accounts.peek())) {
      const series = lines.current?.get(row.model)?.series;
      const last = series?.data().at(-1);
      const time = gridTime(row.time_ms, lengthS);
      if (!series || !last || time <= newest || time < Number(last.time)) continue;
      const figure = inPercent ? Number(row.return_percent) : Number(row.equity);
      if ("value" in last && last.time === time && last.value === figure) continue;
      series.update({ time, value: figure });
      isLonger ||= time > Number(last.time);
    }
    if (isLonger) chart.current?.timeScale().fitContent();
  }, [now.value, value, inPercent, theme.value, locale()]);
}
