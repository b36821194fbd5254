import { type IChartApi, type ISeriesApi, LineSeries, LineStyle } from "lightweight-charts";
import { useEffect, useRef } from "preact/hooks";

import { get } from "../api";
import { gridTime, stepOf, toPoints } from "../equity";
import { number, percent, usd } from "../format";
import { t } from "../i18n";
import { look, MODELS } from "../models";
import { query, setFilter } from "../router";
import { accounts, status } from "../store";
import { theme, token } from "../theme";
import type { EquitySeries } from "../types";
import { makeChart, paint } from "./chart";
import { useLoad } from "./load";

export function EquityChart() {
  const words = t();
  const range = query.value.get("range") === "all" ? "all" : "72h";
  const inPercent = query.value.get("unit") === "percent";
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<IChartApi | null>(null);
  const lines = useRef(new Map<string, ISeriesApi<"Line">>());
  const step = useRef(60);
  const newest = useRef(0);
  const { value: loaded, failed } = useLoad(
    () => get<{ series: EquitySeries[]; start_balance: string }>("equity", { range, points: "1000" }),
    [range],
    60_000,
  );
  const start = Number(loaded?.start_balance ?? status.value?.start_balance ?? 10_000);

  useEffect(() => {
    if (!element.current) return undefined;
    const made = makeChart(element.current);
    made.applyOptions({ handleScroll: false, handleScale: false });
    chart.current = made;
    for (const model of MODELS) {
      const line = made.addSeries(LineSeries, { lineWidth: 2, priceLineVisible: false });
      lines.current.set(model, line);
    }
    return () => {
      lines.current.clear();
      made.remove();
    };
  }, []);

  useEffect(() => {
    if (!chart.current) return;
    paint(chart.current);
    for (const [model, line] of lines.current) {
      line.applyOptions({
        color: token(look(model).token),
        title: look(model).name,
        priceFormat: { type: "custom", formatter: (value: number) => (inPercent ? percent(value) : number(value, 0)) },
      });
    }
  }, [theme.value, inPercent]);

  useEffect(() => {
    if (!loaded) return;
    const now = Date.now();
    step.current = stepOf(loaded.series, now);
    newest.current = gridTime(now, step.current) - step.current;
    chart.current?.timeScale().applyOptions({ secondsVisible: step.current < 60 });
    for (const row of loaded.series) {
      lines.current.get(row.model)?.setData(toPoints(row.points, start, inPercent, step.current, now));
    }
    const first = lines.current.values().next().value;
    const base = first?.createPriceLine({
      price: inPercent ? 0 : start,
      color: token("--muted"),
      lineStyle: LineStyle.Dashed,
      lineWidth: 1,
      axisLabelVisible: false,
      title: words.start,
    });
    chart.current?.timeScale().fitContent();
    return () => {
      if (base) first?.removePriceLine(base);
    };
  }, [loaded, inPercent, theme.value]);

  useEffect(() => {
    for (const row of Object.values(accounts.value)) {
      const value = inPercent ? Number(row.return_percent) : Number(row.equity);
      const time = gridTime(row.time_ms, step.current);
      const line = lines.current.get(row.model);
      if (line?.data().length && time > newest.current) line.update({ time, value });
    }
    chart.current?.timeScale().fitContent();
  }, [accounts.value]);

  return (
    <section class="panel chart-panel" aria-label={words.accountValue}>
      <div class="panel-head">
        <h2>{words.accountValue}</h2>
        <Switch name="range" value={range} choices={{ all: words.allTime, "72h": "72H" }} fallback="72h" />
        <Switch name="unit" value={inPercent ? "percent" : "usd"} choices={{ usd: "$", percent: "%" }} fallback="usd" />
        <span class="legend">
          {MODELS.map((model) => {
            const row = accounts.value[model];
            const { name, marker, token: color } = look(model);
            return (
              <span key={model} data-testid={`account-value-${model}`}>
                <span style={`color: var(${color})`}>{marker}</span> {name} <b>{usd(row?.equity)}</b>
              </span>
            );
          })}
        </span>
      </div>
      {failed && <p class="note">{words.failed}</p>}
      <div class="chart" ref={element} />
    </section>
  );
}

export function Switch(props: {
  name: string;
  value: string;
  choices: Record<string, string>;
  fallback: string;
}) {
  return (
    <span class="switch" role="group" aria-label={props.name}>
      {Object.entries(props.choices).map(([value, text]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === props.value}
          onClick={() => setFilter(props.name, value === props.fallback ? null : value)}
        >
          {text}
        </button>
      ))}
    </span>
  );
}
