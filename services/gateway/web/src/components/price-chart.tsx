import {
  CandlestickSeries,
  createSeriesMarkers,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { useEffect, useRef } from "preact/hooks";

import { get } from "../api";
import { chartTime, price, priceDecimals } from "../format";
import { t } from "../i18n";
import { look } from "../models";
import { query } from "../router";
import { fills, prices } from "../store";
import { theme, token } from "../theme";
import type { Candle, Fill } from "../types";
import { makeChart, paint } from "./chart";
import { Switch } from "./equity-chart";
import { useLoad } from "./load";

const COINS = { BTC: "BTC", ETH: "ETH", SOL: "SOL", BNB: "BNB", DOGE: "DOGE", XRP: "XRP" };
const INTERVALS = { "1m": "1m", "5m": "5m", "15m": "15m", "1h": "1h", "4h": "4h", "1d": "1d" };
const LENGTH_S: Record<string, number> = { "1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14400, "1d": 86400 };

export function markersOf(rows: Fill[], symbol: string, lengthS: number): SeriesMarker<Time>[] {
  return rows
    .filter((row) => row.symbol === symbol)
    .map((row) => {
      const { name, token: color } = look(row.model);
      const isBuy = row.side === "BUY";
      const time = chartTime(row.time_ms);
      return {
        time: (time - (time % lengthS)) as UTCTimestamp,
        position: isBuy ? ("belowBar" as const) : ("aboveBar" as const),
        shape: isBuy ? ("arrowUp" as const) : ("arrowDown" as const),
        color: token(color),
        text: `${name.slice(0, 1)} ${row.role}`,
      };
    })
    .sort((a, b) => Number(a.time) - Number(b.time));
}

export function PriceChart() {
  const words = t();
  const symbol = query.value.get("coin") ?? "BTC";
  const interval = query.value.get("interval") ?? "1m";
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<IChartApi | null>(null);
  const candles = useRef<ISeriesApi<"Candlestick"> | null>(null);
  const volumes = useRef<ISeriesApi<"Histogram"> | null>(null);
  const markers = useRef<ISeriesMarkersPluginApi<Time> | null>(null);
  const last = useRef<{ time: number; open: number; high: number; low: number } | null>(null);
  const fitted = useRef("");
  const { value: loaded, failed } = useLoad(
    () => get<{ candles: Candle[] }>("candles", { symbol, interval, limit: "300" }),
    [symbol, interval],
    10_000,
  );

  useEffect(() => {
    if (!element.current) return undefined;
    const made = makeChart(element.current);
    chart.current = made;
    candles.current = made.addSeries(CandlestickSeries);
    volumes.current = made.addSeries(HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" } });
    volumes.current.applyOptions({ lastValueVisible: false, priceLineVisible: false });
    made.priceScale("volume").applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    markers.current = createSeriesMarkers(candles.current, []);
    return () => made.remove();
  }, []);

  useEffect(() => {
    if (!chart.current || !candles.current) return;
    paint(chart.current);
    const gain = token("--gain");
    const loss = token("--loss");
    candles.current.applyOptions({
      upColor: "transparent",
      downColor: loss,
      borderUpColor: gain,
      borderDownColor: loss,
      wickUpColor: gain,
      wickDownColor: loss,
    });
    volumes.current?.applyOptions({ color: token("--hairline-strong") });
  }, [theme.value]);

  useEffect(() => {
    if (!loaded || !candles.current) return;
    const rows = loaded.candles.map((row) => ({
      time: chartTime(row.open_time_ms) as UTCTimestamp,
      open: Number(row.open),
      high: Number(row.high),
      low: Number(row.low),
      close: Number(row.close),
    }));
    const decimals = priceDecimals(rows.at(-1)?.close ?? 1);
    candles.current.applyOptions({
      priceFormat: { type: "price", precision: decimals, minMove: Number((10 ** -decimals).toFixed(decimals)) },
    });
    candles.current.setData(rows);
    volumes.current?.setData(
      loaded.candles.map((row) => ({
        time: chartTime(row.open_time_ms) as UTCTimestamp,
        value: Number(row.volume),
      })),
    );
    last.current = rows.at(-1) ?? null;
    if (fitted.current !== `${symbol} ${interval}`) {
      fitted.current = `${symbol} ${interval}`;
      chart.current?.timeScale().setVisibleLogicalRange({ from: rows.length - 90, to: rows.length + 4 });
    }
  }, [loaded]);

  useEffect(() => {
    markers.current?.setMarkers(markersOf(fills.value, symbol, LENGTH_S[interval] ?? 60));
  }, [fills.value, symbol, interval, loaded, theme.value]);

  const quote = prices.value[symbol];
  useEffect(() => {
    if (!quote || !candles.current || !last.current || fitted.current !== `${symbol} ${interval}`) return;
    const close = Number(quote.price);
    const length = LENGTH_S[interval] ?? 60;
    const seconds = chartTime(quote.time_ms);
    const time = seconds - (seconds % length);
    if (time < last.current.time) return;
    const before = last.current;
    last.current =
      time > before.time
        ? { time, open: close, high: close, low: close }
        : { ...before, high: Math.max(before.high, close), low: Math.min(before.low, close) };
    candles.current.update({ ...last.current, time: last.current.time as UTCTimestamp, close });
  }, [quote]);

  return (
    <section class="panel chart-panel" aria-label={words.prices}>
      <div class="panel-head">
        <h2>{words.prices}</h2>
        <Switch name="coin" value={symbol} choices={COINS} fallback="BTC" />
        <Switch name="interval" value={interval} choices={INTERVALS} fallback="1m" />
        <span class="legend">
          <b>{price(quote?.price)}</b>
          <span class="muted">
            {words.mark} {price(quote?.mark_price)}
          </span>
        </span>
      </div>
      {failed && <p class="note">{words.failed}</p>}
      <div class="chart" ref={element} title={words.chartHint} />
    </section>
  );
}
