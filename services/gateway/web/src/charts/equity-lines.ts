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
import { type BenchmarkId, BENCHMARKS, benchmarkName } from "./benchmarks";
import { alwaysFit, useChart } from "./chart";
import { gridTime, stepOf, toPoints } from "./grid";
import { accountMarkers, cellOf, type Execution, executionsAt } from "./markers";

const CENTS_BELOW_USD = 40;

type Answer = Responses["/equity"];

interface Line {
  series: ISeriesApi<"Line">;
  /** Null on a benchmark, which has no trades. */
  markers: ISeriesMarkersPluginApi<Time> | null;
  /** The contender's drawdown, in the lower pane; null while that isn't shown. */
  drawdown: ISeriesApi<"Line"> | null;
}

/** What the effects share between renderings. */
interface Plot {
  chart: RefObject<IChartApi | null>;
  lines: RefObject<Map<string, Line>>;
  /** The grid of the loaded points: the length of a step, the newest whole step, the first step. */
  grid: RefObject<{ lengthS: number; newest: number; first: number }>;
  /** Whether the values differ so little that the axis needs cents. */
  hasCents: RefObject<boolean>;
  /** How many seconds a marker covers. */
  cellS: RefObject<number>;
}

/** What is drawn: `start` is the baseline, and what a benchmark's percentages are of. */
export interface Drawing {
  models: string[];
  value: Answer | null;
  trades: Trade[];
  start: number;
  inPercent: boolean;
  withBenchmarks: boolean;
  /** Names of lines that the reader has switched off. */
  hidden: string[];
  withDrawdown: boolean;
}

/** What the crosshair is at. */
export interface Pointed {
  /** By line; none at a time without a point. */
  values: Record<string, number>;
  executions: Execution[];
}

/** Draws into `element`; returns what is under the crosshair, null without one, the trades at the place that was clicked
 * last, and the values' format. */
export function useEquityLines(
  element: RefObject<HTMLDivElement | null>,
  drawing: Drawing,
): { hover: Pointed | null; kept: Execution[]; format: (figure: number) => string } {
  const lines = useRef(new Map<string, Line>());
  const grid = useRef({ lengthS: 60, newest: 0, first: 0 });
  const hasCents = useRef(false);
  const cellS = useRef(60);
  const shown = useRef(drawing);
  shown.current = drawing;
  const [hover, setHover] = useState<Pointed | null>(null);
  const [kept, setKept] = useState<Execution[]>([]);
  const executionsUnder = (time: Time | undefined): Execution[] =>
    time === undefined
      ? []
      : executionsAt(shown.current.trades, Number(time), cellS.current ?? 60).filter(({ trade }) =>
          isShown(shown.current, trade.model),
        );
  const chart = useChart(element, (made) => {
    alwaysFit(made);
    lines.current = createLines(made, drawing.models);
    made.subscribeCrosshairMove((moved) => {
      const values: Record<string, number> = {};
      for (const [name, { series }] of lines.current) {
        const point = moved.seriesData.get(series);
        if (point && "value" in point) values[name] = point.value;
      }
      const executions = executionsUnder(moved.time);
      const isOnSomething = Object.keys(values).length > 0 || executions.length > 0;
      setHover(moved.time !== undefined && isOnSomething ? { values, executions } : null);
    });
    made.subscribeClick((clicked) => setKept(executionsUnder(clicked.time)));
  });
  const plot: Plot = { chart, lines, grid, hasCents, cellS };
  const format = (figure: number): string =>
    drawing.inPercent ? percent(figure) : number(figure, hasCents.current ? 2 : 0);
  useStyles(plot, drawing, format);
  useData(plot, drawing);
  useMarkers(plot, drawing);
  useLiveValues(plot, drawing);
  useDrawdown(plot, drawing);
  return { hover, kept, format };
}

function isShown({ models, hidden }: Drawing, name: string): boolean {
  return models.includes(name) && !hidden.includes(name);
}

function createLines(chart: IChartApi, models: string[]): Map<string, Line> {
  const lines = new Map<string, Line>();
  for (const name of BENCHMARKS) {
    const series = chart.addSeries(LineSeries, { lineWidth: 1, priceLineVisible: false });
    lines.set(name, { series, markers: null, drawdown: null });
  }
  for (const model of models) {
    const series = chart.addSeries(LineSeries, { lineWidth: 2, priceLineVisible: false });
    lines.set(model, { series, markers: createSeriesMarkers(series, []), drawdown: null });
  }
  return lines;
}

/** Colors, the names at the lines' ends, the axis's format, and which lines are shown. */
function useStyles({ lines }: Plot, drawing: Drawing, format: (figure: number) => string): void {
  const { inPercent, hidden, withBenchmarks } = drawing;
  useEffect(() => {
    for (const [name, { series, markers }] of lines.current ?? []) {
      const isBenchmark = markers === null;
      series.applyOptions({
        color: token(isBenchmark ? "--muted" : lookOf(name).token),
        lineStyle: name === "btc_hold" ? LineStyle.Dashed : isBenchmark ? LineStyle.Dotted : LineStyle.Solid,
        title: isBenchmark ? benchmarkName(t(), name as BenchmarkId) : `${lookOf(name).glyph} ${lookOf(name).name}`,
        visible: !hidden.includes(name) && (withBenchmarks || !isBenchmark),
        priceFormat: { type: "custom", minMove: 0.01, formatter: format },
      });
    }
  }, [theme.value, inPercent, locale(), hidden.join()]);
}

/** The loaded points, and the baseline. */
function useData({ chart, lines, grid, hasCents }: Plot, drawing: Drawing): void {
  const { models, value, start, inPercent, withBenchmarks } = drawing;
  useEffect(() => {
    if (!value) return undefined;
    const nowMs = marketTime();
    const held = (text: string): number => (inPercent ? (start > 0 ? (Number(text) / start - 1) * 100 : 0) : Number(text));
    const benchmarks = withBenchmarks ? value.benchmarks : [];
    const series = value.series.filter((row) => !row.has_left);
    const all = [...series.map((row) => row.points), ...benchmarks.map((row) => row.points)];
    const lengthS = stepOf(all, nowMs);
    hasCents.current = spreadOf(all) < CENTS_BELOW_USD;
    const first = Math.min(...all.flatMap((points) => points.slice(0, 1).map(([ms]) => gridTime(ms, lengthS))));
    grid.current = { lengthS, newest: gridTime(nowMs, lengthS) - lengthS, first };
    const draw = (name: string, points: Point[], valueOf: (text: string) => number): void =>
      lines.current?.get(name)?.series.setData(toPoints(points, valueOf, lengthS, nowMs));
    // Money moved in or out is no profit: a contender's percentages are the time-weighted returns.
    for (const row of series) draw(row.model, inPercent ? row.returns : row.points, Number);
    for (const row of benchmarks) draw(row.name, row.points, held);
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

function useMarkers({ chart, lines, grid, cellS }: Plot, { trades, value }: Drawing): void {
  useEffect(() => {
    const { lengthS, first, newest } = grid.current ?? { lengthS: 60, first: 0, newest: 0 };
    const cell = cellOf(newest - first, chart.current?.timeScale().width() || 600, lengthS);
    cellS.current = cell;
    for (const [model, { markers }] of lines.current ?? [])
      markers?.setMarkers(accountMarkers(trades, model, cell, first, token));
  }, [trades, value, theme.value]);
}

/** How far each contender stood below its own highest value, in percent, in a pane below on the same time axis. */
function useDrawdown({ chart, lines, grid }: Plot, { value, hidden, withDrawdown }: Drawing): void {
  useEffect(() => {
    const made = chart.current;
    if (!made || !value || !withDrawdown) return undefined;
    for (const row of value.series) {
      const line = lines.current?.get(row.model);
      if (!line || hidden.includes(row.model)) continue;
      line.drawdown = made.addSeries(LineSeries, { lineWidth: 1, priceLineVisible: false }, 1);
      line.drawdown.applyOptions({
        color: token(lookOf(row.model).token),
        priceFormat: { type: "custom", minMove: 0.01, formatter: (figure: number) => percent(figure) },
        autoscaleInfoProvider: belowZero,
      });
      const lengthS = grid.current?.lengthS ?? 60;
      line.drawdown.setData(toPoints(row.drawdown, (text) => Math.min(0, Number(text)), lengthS, marketTime()));
    }
    made.panes()[1]?.setStretchFactor(0.3);
    made.timeScale().fitContent();
    return () => {
      for (const line of lines.current?.values() ?? []) {
        if (line.drawdown && chart.current) chart.current.removeSeries(line.drawdown);
        line.drawdown = null;
      }
    };
  }, [value, withDrawdown, hidden.join(), theme.value, locale()]);
}

/** The axis ends at 0 and shows half a percent at least. */
function belowZero(original: () => { priceRange: { minValue: number } | null } | null) {
  const low = original()?.priceRange?.minValue ?? 0;
  return { priceRange: { minValue: Math.min(low, -0.5), maxValue: 0 } };
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
