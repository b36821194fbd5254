import type { CoinSummary, DecisionDetail } from "../api/types.gen";
import { arrow, compact, moment, number, percent, price, signed, tone } from "../words/format";
import { t } from "../words/words";

type Figures = Record<string, number | null>;

/** One interval's indicators, as far as there was history for them. */
function Series({ name, figures }: { name: string; figures: Figures }) {
  const known = Object.entries(figures).filter(([, value]) => value !== null);
  const shown = (key: string, value: number | null): string =>
    key.startsWith("rsi") ? number(value, 0) : key === "macd" ? signed(value, 3) : price(value);
  return (
    <div class="muted">
      <b>{name}</b>
      {known.map(([key, value]) => (
        <span key={key}>
          {key} {shown(key, value)}
        </span>
      ))}
    </div>
  );
}

function Coin({ coin }: { coin: CoinSummary }) {
  const words = t();
  const change = (Number(coin.mid_price) / Number(coin.prev_day_price) - 1) * 100;
  return (
    <li class="row">
      <div>
        <b>{coin.symbol}</b>
        <span>{price(coin.mid_price)}</span>
        <span class={tone(change)}>
          {arrow(change)} {percent(change)}
        </span>
        <span class="muted">
          {words.mark} {price(coin.mark_price)}
        </span>
        <span class="muted">
          {words.fundingShort} {signed(Number(coin.funding_rate_hourly) * 100, 4)}%
        </span>
        <span class="muted">
          {words.openInterest} {compact(coin.open_interest_coin)}
        </span>
        <span class="muted">
          {words.spread} {number(coin.spread_bps, 1)} bps
        </span>
        <span class="muted">
          {words.imbalance} {signed(coin.imbalance, 2)}
        </span>
      </div>
      {Object.entries(coin.series).map(([name, figures]) => (
        <Series key={name} name={name} figures={figures} />
      ))}
    </li>
  );
}

/** The snapshot that all contenders decided on in this cycle, coin by coin. */
export function Snapshot({ detail }: { detail: DecisionDetail }) {
  const words = t();
  const { snapshot } = detail;
  if (!snapshot) return <p class="note">{words.nothing}</p>;
  const { sentiment } = snapshot;
  return (
    <>
      <div class="part-head">
        <span>
          {words.cycle} {snapshot.cycle_number}
        </span>
        <span class="muted">{moment(snapshot.boundary_ms)}</span>
        {sentiment && (
          <span>
            {words.fearGreed} {sentiment.fear_greed} {sentiment.classification}
          </span>
        )}
        {snapshot.partial && <span class="warning">{words.partial}</span>}
      </div>
      <ul class="rows snapshot">
        {snapshot.coins.map((coin) => (
          <Coin key={coin.symbol} coin={coin} />
        ))}
      </ul>
    </>
  );
}
