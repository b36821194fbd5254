import {
  CandlestickSeries,
  createSeriesMarkers,
  HistogramSeries,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineStyle,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { useEffect, useRef, useState } from "preact/hooks";

import { get } from "../api/rest";
import { useLoad } from "../api/use-load";
import { query } from "../navigation/router";
import { coins, lookOf } from "../state/roster";
import { isOldPrice, priceAge } from "../state/stale";
import { positions, prices } from "../state/store";
import { StaleNote } from "../ui/note";
import { Switch } from "../ui/switch";
import { theme, token } from "../ui/theme";
import { chartTime, compact, number, price, priceDecimals } from "../words/format";
import { t } from "../words/words";
import { useChart } from "./chart";
import { candleMarkers } from "./markers";
import { useMarkedTrades } from "./use-marked-trades";

const LENGTH_S = { "1m": 60, "5m": 300, "15m": 900, "1h": 3_600, "4h": 14_400, "1d": 86_400 } as const;
const INTERVALS = Object.fromEntries(Object.keys(LENGTH_S).map((name) => [name, name]));
const POLL_MS = 10_000;
const VISIBLE_BARS = 90;

interface Bar {
  time: UTCTimestamp;
  open: number;
  high: number;
  low: number;
  close: number;
}

/** The coin that the address names, or the first one. */
export function chosenCoin(): string {
  const named = query.value.get("coin") ?? "";
  return coins().includes(named) ? named : (coins()[0] ?? "");
}

/** The bar a price belongs to: the last one widened, or a new one; null when the price is older than the last bar. */
export function barOf(last: Bar, close: number, ms: number, lengthS: number): Bar | null {
  const seconds = chartTime(ms);
  const time = (seconds - (seconds % lengthS)) as UTCTimestamp;
  if (time < last.time) return null;
  if (time > last.time) return { time, open: close, high: close, low: close, close };
  return { ...last, high: Math.max(last.high, close), low: Math.min(last.low, close), close };
}

/** Candles with volume; fills marked, open positions' entry, stop and target as lines. */
export function PriceChart() {
  const words = t();
  const symbol = chosenCoin();
  const named = query.value.get("interval") ?? "";
  const interval = (named in LENGTH_S ? named : "1m") as keyof typeof LENGTH_S;
  const key = `candles ${symbol} ${interval}`;
  const element = useRef<HTMLDivElement>(null);
  const candles = useRef<ISeriesApi<"Candlestick"> | null>(null);
  const volumes = useRef<ISeriesApi<"Histogram"> | null>(null);
  const markers = useRef<ISeriesMarkersPluginApi<Time> | null>(null);
  const last = useRef<Bar | null>(null);
  const fitted = useRef("");
  const [hover, setHover] = useState<{ bar: Bar; volume: number | null } | null>(null);
  const loaded = useLoad(
    key,
    () => get("/candles", { symbol, interval, limit: "300" }),
    POLL_MS,
  );

  const trades = useMarkedTrades({ symbol });

  const chart = useChart(element, (made) => {
    candles.current = made.addSeries(CandlestickSeries, { lastValueVisible: true });
    volumes.current = made.addSeries(HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" } });
    volumes.current.applyOptions({ lastValueVisible: false, priceLineVisible: false });
    made.priceScale("right").applyOptions({ scaleMargins: { top: 0.1, bottom: 0.22 } });
    made.priceScale("volume").applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    markers.current = createSeriesMarkers(candles.current, []);
    made.subscribeCrosshairMove((moved) => {
      const bar = candles.current ? moved.seriesData.get(candles.current) : undefined;
      const volume = volumes.current ? moved.seriesData.get(volumes.current) : undefined;
      const isBar = bar !== undefined && "open" in bar;
      setHover(isBar ? { bar: bar as Bar, volume: volume && "value" in volume ? Number(volume.value) : null } : null);
    });
  });

  useEffect(() => {
    const [gain, loss] = [token("--gain"), token("--loss")];
    candles.current?.applyOptions({
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
    const rows = loaded.value?.candles ?? [];
    const bars = rows.map((row) => ({
      time: chartTime(row.open_time_ms) as UTCTimestamp,
      open: Number(row.open),
      high: Number(row.high),
      low: Number(row.low),
      close: Number(row.close),
    }));
    const decimals = priceDecimals(bars.at(-1)?.close ?? 1);
    candles.current?.applyOptions({
      priceFormat: {
        type: "custom",
        minMove: Number((10 ** -decimals).toFixed(decimals)),
        formatter: (value: number) => number(value, decimals),
      },
    });
    candles.current?.setData(bars);
    volumes.current?.setData(bars.map((bar, index) => ({ time: bar.time, value: Number(rows[index]?.volume) })));
    last.current = bars.at(-1) ?? null;
    if (bars.length && fitted.current !== key) {
      fitted.current = key;
      chart.current?.timeScale().setVisibleLogicalRange({ from: bars.length - VISIBLE_BARS, to: bars.length + 4 });
    }
  }, [loaded.value, key]);

  useEffect(() => {
    markers.current?.setMarkers(candleMarkers(trades, symbol, LENGTH_S[interval], token));
  }, [trades, key, loaded.value, theme.value]);

  useEffect(() => {
    const drawn: IPriceLine[] = [];
    const draw = (at: string | null, colorToken: string, style: LineStyle, title: string): void => {
      if (at === null || !candles.current) return;
      const options = { price: Number(at), color: token(colorToken), lineStyle: style, lineWidth: 1 as const, title };
      drawn.push(candles.current.createPriceLine({ ...options, axisLabelVisible: false }));
    };
    for (const row of Object.values(positions.value).flat()) {
      if (row.symbol !== symbol) continue;
      const { glyph, token: color } = lookOf(row.model);
      draw(row.entry_price, color, LineStyle.Solid, `${glyph} ${row.side} ${row.leverage}x`);
      draw(row.stop_loss, "--loss", LineStyle.Dashed, `${glyph} ${words.stop}`);
      draw(row.take_profit, "--gain", LineStyle.Dashed, `${glyph} ${words.target}`);
    }
    return () => {
      for (const line of drawn) candles.current?.removePriceLine(line);
    };
  }, [positions.value, symbol, theme.value, words]);

  const quote = prices.value[symbol];
  useEffect(() => {
    if (!quote || !last.current || fitted.current !== key) return;
    const bar = barOf(last.current, Number(quote.price), quote.time_ms, LENGTH_S[interval]);
    if (!bar) return;
    last.current = bar;
    candles.current?.update(bar);
  }, [quote]);

  const bar = hover?.bar ?? last.current;
  return (
    <>
      <div class="panel-head">
        <Switch name="coin" label={words.coin} value={symbol} choices={Object.fromEntries(coins().map((coin) => [coin, coin]))} fallback={coins()[0] ?? ""} />
        <Switch name="interval" label={words.interval} value={interval} choices={INTERVALS} fallback="1m" />
        <span class="legend">
          <span>
            <b class={isOldPrice(priceAge(symbol)) ? "muted" : ""}>{price(quote?.price)}</b>{" "}
            <span class="muted mark-price">
              {words.mark} {price(quote?.mark_price)}
            </span>
          </span>
          <span class="muted bar-figures" aria-hidden="true">
            {words.openHighLowClose}{" "}
            {bar ? [bar.open, bar.high, bar.low, bar.close].map((each) => price(each)).join("  ") : "—"}
            {hover?.volume !== undefined && hover?.volume !== null && ` · ${words.volume} ${compact(hover.volume)}`}
          </span>
        </span>
      </div>
      <div class="chart-frame">
        <div
          class="chart"
          ref={element}
          role="img"
          aria-label={`${symbol} ${interval}: ${price(quote?.price)}. ${words.chartHint}`}
        />
        {!loaded.value && <p class="chart-note">{loaded.failed ? words.failed : words.loading}</p>}
        {loaded.value?.candles.length === 0 && <p class="chart-note">{words.noCandles}</p>}
        <StaleNote loaded={loaded} />
      </div>
    </>
  );
}
