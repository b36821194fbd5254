/** The series of the price chart: created once, then kept up to date by effects, each for one kind of change. */

import {
  CandlestickSeries,
  createSeriesMarkers,
  HistogramSeries,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineStyle,
  type Time,
} from "lightweight-charts";
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { Candle, Trade } from "../api/types.gen";
import { lookOf } from "../state/roster";
import { positions, prices } from "../state/store";
import { theme, token } from "../ui/theme";
import { number, priceDecimals } from "../words/format";
import { t } from "../words/words";
import { type Bar, barsOf, withPrice } from "./bars";
import { useChart } from "./chart";
import { candleMarkers } from "./markers";

const VISIBLE_BARS = 90;

/** What is drawn; `key` names the coin and the interval. */
export interface Drawing {
  key: string;
  symbol: string;
  lengthS: number;
  candles: Candle[] | null;
  trades: Trade[];
}

interface Plot {
  candles: ISeriesApi<"Candlestick">;
  volumes: ISeriesApi<"Histogram">;
  markers: ISeriesMarkersPluginApi<Time>;
}

export interface Hovered {
  bar: Bar;
  volume: number | null;
}

/** Draws into `element`; returns the bar under the crosshair, or the last one, whose volume is not shown. */
export function useCandleSeries(element: RefObject<HTMLDivElement | null>, drawing: Drawing): Hovered | null {
  const plot = useRef<Plot | null>(null);
  const last = useRef<Bar | null>(null);
  const drawnKey = useRef("");
  const [hover, setHover] = useState<Hovered | null>(null);
  const chart = useChart(element, (made) => {
    const created = createPlot(made);
    plot.current = created;
    made.subscribeCrosshairMove((moved) => {
      const bar = moved.seriesData.get(created.candles);
      const volume = moved.seriesData.get(created.volumes);
      const isBar = bar !== undefined && "open" in bar;
      setHover(isBar ? { bar: bar as Bar, volume: volume && "value" in volume ? Number(volume.value) : null } : null);
    });
  });
  useColors(plot);
  useData(plot, drawing, last, (bars) => {
    if (!bars.length || drawnKey.current === drawing.key) return;
    drawnKey.current = drawing.key;
    chart.current?.timeScale().setVisibleLogicalRange({ from: bars.length - VISIBLE_BARS, to: bars.length + 4 });
  });
  useEffect(() => {
    plot.current?.markers.setMarkers(candleMarkers(drawing.trades, drawing.symbol, drawing.lengthS, token));
  }, [drawing.trades, drawing.key, drawing.candles, theme.value]);
  usePositionLines(plot, drawing.symbol);
  const quote = prices.value[drawing.symbol];
  useEffect(() => {
    if (!quote || !last.current || drawnKey.current !== drawing.key) return;
    const bar = withPrice(last.current, Number(quote.price), quote.time_ms, drawing.lengthS);
    if (!bar) return;
    last.current = bar;
    plot.current?.candles.update(bar);
  }, [quote]);
  return hover ?? (last.current && { bar: last.current, volume: null });
}

function createPlot(chart: IChartApi): Plot {
  const candles = chart.addSeries(CandlestickSeries, { lastValueVisible: true });
  const volumes = chart.addSeries(HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" } });
  volumes.applyOptions({ lastValueVisible: false, priceLineVisible: false });
  chart.priceScale("right").applyOptions({ scaleMargins: { top: 0.1, bottom: 0.22 } });
  chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  return { candles, volumes, markers: createSeriesMarkers(candles, []) };
}

function useColors(plot: RefObject<Plot | null>): void {
  useEffect(() => {
    const [gain, loss] = [token("--gain"), token("--loss")];
    plot.current?.candles.applyOptions({
      upColor: "transparent",
      downColor: loss,
      borderUpColor: gain,
      borderDownColor: loss,
      wickUpColor: gain,
      wickDownColor: loss,
    });
    plot.current?.volumes.applyOptions({ color: token("--hairline-strong") });
  }, [theme.value]);
}

/** The loaded candles; the price axis gets the decimals of their prices. */
function useData(
  plot: RefObject<Plot | null>,
  { key, candles }: Drawing,
  last: RefObject<Bar | null>,
  onDrawn: (bars: Bar[]) => void,
): void {
  useEffect(() => {
    const rows = candles ?? [];
    const bars = barsOf(rows);
    const decimals = priceDecimals(bars.at(-1)?.close ?? 1);
    plot.current?.candles.applyOptions({
      priceFormat: {
        type: "custom",
        minMove: Number((10 ** -decimals).toFixed(decimals)),
        formatter: (value: number) => number(value, decimals),
      },
    });
    plot.current?.candles.setData(bars);
    plot.current?.volumes.setData(bars.map((bar, index) => ({ time: bar.time, value: Number(rows[index]?.volume) })));
    last.current = bars.at(-1) ?? null;
    onDrawn(bars);
  }, [candles, key]);
}

/** Entry, stop, target and liquidation of each open position in the coin. */
function usePositionLines(plot: RefObject<Plot | null>, symbol: string): void {
  const words = t();
  useEffect(() => {
    const series = plot.current?.candles;
    const lines: IPriceLine[] = [];
    const draw = (at: string | null, color: string, lineStyle: LineStyle, title: string): void => {
      if (at === null || !series) return;
      const options = { price: Number(at), color: token(color), lineStyle, lineWidth: 1 as const, title };
      lines.push(series.createPriceLine({ ...options, axisLabelVisible: false }));
    };
    for (const row of Object.values(positions.value).flat()) {
      if (row.symbol !== symbol) continue;
      const { glyph, token: color } = lookOf(row.model);
      draw(row.entry_price, color, LineStyle.Solid, `${glyph} ${words.actions[row.side]} ${row.leverage}x`);
      draw(row.stop_loss, "--loss", LineStyle.Dashed, `${glyph} ${words.stop}`);
      draw(row.take_profit, "--gain", LineStyle.Dashed, `${glyph} ${words.target}`);
      draw(row.liquidation_price, "--warning", LineStyle.SparseDotted, `${glyph} ${words.liquidation}`);
    }
    return () => {
      for (const line of lines) series?.removePriceLine(line);
    };
  }, [positions.value, symbol, theme.value, words]);
}
