/** lightweight-charts in the page's own colours. */

import { ColorType, createChart, CrosshairMode, type IChartApi } from "lightweight-charts";

import { token } from "../theme";

export function makeChart(element: HTMLElement): IChartApi {
  const chart = createChart(element, { autoSize: true });
  paint(chart);
  return chart;
}

export function paint(chart: IChartApi): void {
  const hairline = token("--hairline");
  chart.applyOptions({
    layout: {
      background: { type: ColorType.Solid, color: "transparent" },
      textColor: token("--muted"),
      fontFamily: token("--font"),
      fontSize: 11,
      attributionLogo: true,
    },
    grid: { vertLines: { color: hairline }, horzLines: { color: hairline } },
    crosshair: { mode: CrosshairMode.Normal },
    rightPriceScale: { borderColor: hairline },
    timeScale: { borderColor: hairline, timeVisible: true, secondsVisible: false },
  });
}
