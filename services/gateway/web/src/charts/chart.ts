/** lightweight-charts in the page's colors; its license asks for the link in README.TXT. */

import { ColorType, createChart, CrosshairMode, type IChartApi, TickMarkType, type Time } from "lightweight-charts";
import { type RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { theme, token } from "../ui/theme";
import { locale } from "../words/language";

/** A chart for as long as the component lives; repainted when theme or language change. */
export function useChart(
  element: RefObject<HTMLDivElement | null>,
  build: (chart: IChartApi) => void,
): RefObject<IChartApi | null> {
  const chart = useRef<IChartApi | null>(null);
  useEffect(() => {
    if (!element.current) return undefined;
    const made = createChart(element.current, { autoSize: true, layout: { attributionLogo: false } });
    chart.current = made;
    build(made);
    return () => {
      chart.current = null;
      made.remove();
    };
  }, []);
  useEffect(() => {
    if (chart.current) paint(chart.current);
  }, [theme.value, locale()]);
  return chart;
}

/** Always shows the whole span, at every width, without scrolling. */
export function alwaysFit(chart: IChartApi): void {
  chart.applyOptions({ handleScroll: false, handleScale: false });
  chart.timeScale().subscribeSizeChange(() => chart.timeScale().fitContent());
}

function paint(chart: IChartApi): void {
  const hairline = token("--hairline");
  chart.applyOptions({
    layout: {
      background: { type: ColorType.Solid, color: "transparent" },
      textColor: token("--muted"),
      fontFamily: token("--font"),
      fontSize: 11,
    },
    grid: { vertLines: { visible: false }, horzLines: { color: hairline } },
    crosshair: {
      mode: CrosshairMode.Normal,
      vertLine: { color: token("--muted"), labelBackgroundColor: token("--ink") },
      horzLine: { color: token("--muted"), labelBackgroundColor: token("--ink") },
    },
    rightPriceScale: { borderColor: hairline },
    timeScale: {
      borderColor: hairline,
      timeVisible: true,
      secondsVisible: false,
      minBarSpacing: 0.05,
      tickMarkFormatter: tick,
    },
    localization: { locale: locale(), timeFormatter: (time: Time) => stamp(Number(time)) },
  });
}

const two = (value: number): string => String(value).padStart(2, "0");

function tick(time: Time, kind: TickMarkType): string {
  const date = new Date(Number(time) * 1000);
  if (kind === TickMarkType.Year) return String(date.getUTCFullYear());
  if (kind === TickMarkType.Month || kind === TickMarkType.DayOfMonth)
    return `${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  const minute = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
  return kind === TickMarkType.TimeWithSeconds ? `${minute}:${two(date.getUTCSeconds())}` : minute;
}

/** A chart's time, which is local already, as date and minute; with the year unless it is this one. */
function stamp(seconds: number): string {
  const text = new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
  return text.startsWith(String(new Date().getFullYear())) ? text.slice(5) : text;
}
