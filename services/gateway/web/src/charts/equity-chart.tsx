import {
  createSeriesMarkers,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineSeries,
  LineStyle,
  type Time,
} from "lightweight-charts";
import { useEffect, useRef, useState } from "preact/hooks";

import { get } from "../api/rest";
import type { Point, Responses } from "../api/types.gen";
import { type Loaded, useLoad } from "../api/use-load";
import { query } from "../navigation/router";
import { contenderIds, lookOf } from "../state/roster";
import { accounts, now, serverTime, status } from "../state/store";
import { ModelName } from "../ui/model-name";
import { StaleNote } from "../ui/note";
import { Switch } from "../ui/switch";
import { theme, token } from "../ui/theme";
import { number, percent, usd } from "../words/format";
import { locale } from "../words/language";
import { t } from "../words/words";
import { BENCHMARKS, benchmarkName } from "./benchmarks";
import { alwaysFit, useChart } from "./chart";
import { gridTime, stepOf, toPoints } from "./grid";
import { accountMarkers } from "./markers";
import { useMarkedTrades } from "./use-marked-trades";

const POINTS = "500";
const POLL_MS = 60_000;
const CENTS_BELOW_USD = 40;

interface Line {
  series: ISeriesApi<"Line">;
  markers: ISeriesMarkersPluginApi<Time> | null;
}

/** The difference between the highest and the lowest value on the chart. */
function spreadOf(lines: Point[][]): number {
  const values = lines.flatMap((points) => points.map(([, text]) => Number(text)));
  return values.length ? Math.max(...values) - Math.min(...values) : 0;
}

export function rangeOf(): "all" | "72h" {
  return query.value.get("range") === "all" ? "all" : "72h";
}

export function useEquity(model: string | null, range: string): Loaded<Responses["/equity"]> {
  return useLoad(
    `equity ${model ?? ""} ${range}`,
    () => get("/equity", { model, range, points: POINTS }),
    POLL_MS,
  );
}

/** Account value over time: a line per contender, dashes for the benchmarks, the starting balance, and the trades. */
export function EquityChart({ only = null, loaded }: { only?: string | null; loaded: Loaded<Responses["/equity"]> }) {
  const words = t();
  const inPercent = query.value.get("unit") === "percent";
  const models = only === null ? contenderIds() : [only];
  const element = useRef<HTMLDivElement>(null);
  const lines = useRef(new Map<string, Line>());
  const step = useRef({ lengthS: 60, newest: 0, first: 0 });
  const [hover, setHover] = useState<Record<string, number> | null>(null);
  const { value } = loaded;
  const trades = useMarkedTrades({ model: only });
  const own = value?.series.find((row) => row.model === only)?.start_balance;
  const start = Number(own ?? value?.start_balance ?? status.value?.start_balance ?? 10_000);
  const cents = useRef(false);
  const shown = (figure: number): string => (inPercent ? percent(figure) : number(figure, cents.current ? 2 : 0));

  const chart = useChart(element, (made) => {
    alwaysFit(made);
    lines.current.clear();
    for (const name of BENCHMARKS) {
      const series = made.addSeries(LineSeries, { lineWidth: 1, lastValueVisible: false, priceLineVisible: false });
      lines.current.set(name, { series, markers: null });
    }
    for (const model of models) {
      const series = made.addSeries(LineSeries, { lineWidth: 2, priceLineVisible: false });
      lines.current.set(model, { series, markers: createSeriesMarkers(series, []) });
    }
    made.subscribeCrosshairMove((moved) => {
      if (moved.time === undefined) return setHover(null);
      const values: Record<string, number> = {};
      for (const [name, { series }] of lines.current) {
        const point = moved.seriesData.get(series);
        if (point && "value" in point) values[name] = point.value;
      }
      setHover(Object.keys(values).length ? values : null);
    });
  });

  useEffect(() => {
    for (const [name, { series }] of lines.current) {
      const isBenchmark = BENCHMARKS.some((each) => each === name);
      series.applyOptions({
        color: token(isBenchmark ? "--muted" : lookOf(name).token),
        lineStyle: name === "btc_hold" ? LineStyle.Dashed : isBenchmark ? LineStyle.Dotted : LineStyle.Solid,
        title: isBenchmark ? "" : `${lookOf(name).glyph} ${lookOf(name).name}`,
        priceFormat: { type: "custom", minMove: 0.01, formatter: shown },
      });
    }
  }, [theme.value, inPercent, locale()]);

  useEffect(() => {
    if (!value) return undefined;
    const now = serverTime();
    const valueFrom = (base: number) => (text: string) =>
      inPercent ? (base > 0 ? (Number(text) / base - 1) * 100 : 0) : Number(text);
    const benchmarks = only === null ? value.benchmarks : [];
    const all = [...value.series.map((row) => row.points), ...benchmarks.map((row) => row.points)];
    const lengthS = stepOf(all, now);
    cents.current = spreadOf(all) < CENTS_BELOW_USD;
    const first = Math.min(...all.flatMap((points) => points.slice(0, 1).map(([ms]) => gridTime(ms, lengthS))));
    step.current = { lengthS, newest: gridTime(now, lengthS) - lengthS, first };
    for (const row of value.series)
      lines.current
        .get(row.model)
        ?.series.setData(toPoints(row.points, valueFrom(Number(row.start_balance)), lengthS, now));
    for (const row of benchmarks)
      lines.current.get(row.name)?.series.setData(toPoints(row.points, valueFrom(start), lengthS, now));
    const owner = lines.current.get(models[0] ?? "")?.series;
    const base = owner?.createPriceLine({
      price: inPercent ? 0 : start,
      color: token("--muted"),
      lineStyle: LineStyle.SparseDotted,
      lineWidth: 1,
      axisLabelVisible: false,
      title: words.start,
    });
    chart.current?.timeScale().applyOptions({ secondsVisible: lengthS < 60 });
    chart.current?.timeScale().fitContent();
    return () => {
      if (base) owner?.removePriceLine(base);
    };
  }, [value, inPercent, theme.value, locale()]);

  useEffect(() => {
    for (const [model, { markers }] of lines.current)
      markers?.setMarkers(accountMarkers(trades, model, step.current.lengthS, step.current.first, token));
  }, [trades, value, theme.value]);

  const second = now.value;
  useEffect(() => {
    let isLonger = false;
    for (const row of Object.values(accounts.peek())) {
      const series = lines.current.get(row.model)?.series;
      const last = series?.data().at(-1);
      const time = gridTime(row.time_ms, step.current.lengthS);
      if (!series || !last || time <= step.current.newest || time < Number(last.time)) continue;
      const figure = inPercent ? Number(row.return_percent) : Number(row.equity);
      if ("value" in last && last.time === time && last.value === figure) continue;
      series.update({ time, value: figure });
      isLonger ||= time > Number(last.time);
    }
    if (isLonger) chart.current?.timeScale().fitContent();
  }, [second, value, inPercent, theme.value, locale()]);

  const spoken = models.map((model) => `${lookOf(model).name} ${usd(accounts.value[model]?.equity)}`).join(", ");
  return (
    <>
      <div class="panel-head">
        <Switch
          name="range"
          label={words.range}
          value={rangeOf()}
          choices={{ all: words.allTime, "72h": "72H" }}
          fallback="72h"
        />
        <Switch
          name="unit"
          label={words.unit}
          value={inPercent ? "percent" : "usd"}
          choices={{ usd: "$", percent: "%" }}
          fallback="usd"
        />
        <span class="legend">
          {models.map((model) => {
            const point = hover?.[model];
            const account = accounts.value[model];
            const current = inPercent ? percent(account?.return_percent) : usd(account?.equity);
            return (
              <span key={model} data-testid={`account-value-${model}`}>
                <ModelName model={model} />{" "}
                <b>{hover ? (point === undefined ? "—" : inPercent ? percent(point) : usd(point)) : current}</b>
              </span>
            );
          })}
          {only === null &&
            (value?.benchmarks ?? []).map((row) => (
              <span key={row.name} class="muted">
                <span aria-hidden="true">{row.name === "btc_hold" ? "╌╌" : "┈┈"}</span> {benchmarkName(words, row.name)}
                <span class="benchmark-figure">
                  {hover?.[row.name] !== undefined && ` ${shown(hover[row.name] ?? 0)}`}
                </span>
              </span>
            ))}
        </span>
      </div>
      <div class="chart-frame">
        <div class="chart" ref={element} role="img" aria-label={`${words.accountValue}: ${spoken}`} />
        {!value && <p class="chart-note">{loaded.failed ? words.failed : words.loading}</p>}
        {value && value.series.every((row) => row.points.length === 0) && <p class="chart-note">{words.noEquity}</p>}
        <StaleNote loaded={loaded} />
      </div>
    </>
  );
}
