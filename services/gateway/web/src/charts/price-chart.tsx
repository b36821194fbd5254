import { useRef } from "preact/hooks";

import { get } from "../api/rest";
import { useLoad } from "../api/use-load";
import { query } from "../navigation/router";
import { marketPoll } from "../state/clock";
import { coins } from "../state/roster";
import { isOldPrice, priceAge } from "../state/stale";
import { prices } from "../state/store";
import { StaleNote } from "../ui/note";
import { Switch } from "../ui/switch";
import { compact, NONE, price } from "../words/format";
import { t } from "../words/words";
import { type Hovered, useCandleSeries } from "./candle-series";
import { useMarkedTrades } from "./use-marked-trades";

const LENGTH_S = { "1m": 60, "5m": 300, "15m": 900, "1h": 3_600, "4h": 14_400, "1d": 86_400 } as const;
const INTERVALS = Object.fromEntries(Object.keys(LENGTH_S).map((name) => [name, name]));
const POLL_MS = 10_000;
const CANDLES = "300";

/** The coin that the address names, or the first one. */
export function chosenCoin(): string {
  const named = query.value.get("coin") ?? "";
  return coins().includes(named) ? named : (coins()[0] ?? "");
}

function Legend({ symbol, hovered }: { symbol: string; hovered: Hovered | null }) {
  const words = t();
  const quote = prices.value[symbol];
  const { bar, volume } = hovered ?? { bar: null, volume: null };
  return (
    <span class="legend">
      <span>
        <b class={isOldPrice(priceAge(symbol)) ? "muted" : ""}>{price(quote?.price)}</b>{" "}
        <span class="muted mark-price">
          {words.mark} {price(quote?.mark_price)}
        </span>
      </span>
      <span class="muted bar-figures" aria-hidden="true">
        {words.openHighLowClose}{" "}
        {bar ? [bar.open, bar.high, bar.low, bar.close].map((each) => price(each)).join("  ") : NONE}
        {volume !== null && ` · ${words.volume} ${compact(volume)}`}
      </span>
    </span>
  );
}

/** Candles with volume; fills marked, open positions' entry, stop and target as lines. */
export function PriceChart() {
  const words = t();
  const symbol = chosenCoin();
  const named = query.value.get("interval") ?? "";
  const interval = (named in LENGTH_S ? named : "1m") as keyof typeof LENGTH_S;
  const key = `candles ${symbol} ${interval}`;
  const element = useRef<HTMLDivElement>(null);
  const loaded = useLoad(key, () => get("/candles", { symbol, interval, limit: CANDLES }), marketPoll(POLL_MS));
  const trades = useMarkedTrades({ symbol });
  const candles = loaded.value?.candles ?? null;
  const hovered = useCandleSeries(element, { key, symbol, lengthS: LENGTH_S[interval], candles, trades });
  const choices = Object.fromEntries(coins().map((coin) => [coin, coin]));
  return (
    <>
      <div class="panel-head">
        <Switch name="coin" label={words.coin} value={symbol} choices={choices} fallback={coins()[0] ?? ""} />
        <Switch name="interval" label={words.interval} value={interval} choices={INTERVALS} fallback="1m" />
        <Legend symbol={symbol} hovered={hovered} />
      </div>
      <div class="chart-frame">
        <div
          class="chart"
          ref={element}
          role="img"
          aria-label={`${symbol} ${interval}: ${price(prices.value[symbol]?.price)}. ${words.chartHint}`}
        />
        {!loaded.value && <p class="chart-note">{loaded.failed ? words.failed : words.loading}</p>}
        {candles?.length === 0 && <p class="chart-note">{words.noCandles}</p>}
        <StaleNote loaded={loaded} />
      </div>
    </>
  );
}
