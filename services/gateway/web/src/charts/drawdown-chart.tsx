import { AreaSeries, type ISeriesApi } from "lightweight-charts";
import { useEffect, useRef } from "preact/hooks";

import type { Responses } from "../api/types.gen";
import type { Loaded } from "../api/use-load";
import { marketTime } from "../state/clock";
import { theme, token } from "../ui/theme";
import { percent } from "../words/format";
import { t } from "../words/words";
import { alwaysFit, useChart } from "./chart";
import { stepOf, toPoints } from "./grid";

/** How far below its own highest value one account stood, in percent: never above zero. */
export function DrawdownChart({ model, loaded }: { model: string; loaded: Loaded<Responses["/equity"]> }) {
  const words = t();
  const element = useRef<HTMLDivElement>(null);
  const area = useRef<ISeriesApi<"Area"> | null>(null);
  const row = loaded.value?.series.find((each) => each.model === model);
  const points = row?.drawdown ?? [];
  const worst = Math.min(0, ...points.map(([, text]) => below(text)));

  const chart = useChart(element, (made) => {
    alwaysFit(made);
    area.current = made.addSeries(AreaSeries, { lineWidth: 1, priceLineVisible: false });
    area.current.applyOptions({
      priceFormat: { type: "custom", minMove: 0.01, formatter: (value: number) => percent(value) },
      autoscaleInfoProvider: (original: () => { priceRange: { minValue: number } | null } | null) => {
        const low = original()?.priceRange?.minValue ?? 0;
        return { priceRange: { minValue: Math.min(low, -0.5), maxValue: 0 } };
      },
    });
  });

  useEffect(() => {
    area.current?.applyOptions({
      lineColor: token("--loss"),
      topColor: "transparent",
      bottomColor: token("--loss-tint"),
    });
  }, [theme.value]);

  useEffect(() => {
    const now = marketTime();
    const lengthS = stepOf([points], now);
    area.current?.setData(toPoints(points, below, lengthS, now));
    chart.current?.timeScale().applyOptions({ secondsVisible: lengthS < 60 });
    chart.current?.timeScale().fitContent();
  }, [loaded.value]);

  return (
    <div class="chart-frame drawdown">
      <div class="chart" ref={element} role="img" aria-label={`${words.drawdown}: ${percent(worst)}`} />
      {points.length === 0 && <p class="chart-note">{loaded.value ? words.noEquity : words.loading}</p>}
    </div>
  );
}

/** A drawdown is drawn downwards, whatever its sign. */
function below(text: string): number {
  return -Math.abs(Number(text));
}
