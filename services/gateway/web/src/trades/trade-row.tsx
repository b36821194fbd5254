import type { Trade } from "../api/types.gen";
import { cyclePath } from "../navigation/route";
import { isOldPrice, priceAge } from "../state/stale";
import { now, prices } from "../state/store";
import { ModelName } from "../ui/model-name";
import { arrow, moment, percent, price, signed, size, span, tone, usd } from "../words/format";
import { t } from "../words/words";
import { endText, Reasons } from "./reasons";
import { resultOf } from "./result";

/** A trade in two lines: contender, coin and P&L, then prices, sizes and costs. */
export function TradeRow({ trade }: { trade: Trade }) {
  const words = t();
  const isOpen = trade.status === "OPEN";
  const held = (trade.exit_time ?? now.value) - trade.entry_time;
  const { pnl, percent: ofMargin } = resultOf(trade, prices.value[trade.symbol]?.mark_price);
  const isStale = isOpen && isOldPrice(priceAge(trade.symbol));
  return (
    <li class="row" data-testid="trade-row" data-id={trade.id}>
      <div>
        <ModelName model={trade.model} /> <b>{trade.side}</b> <span>{trade.symbol}</span>
        {trade.leverage !== null && <span>{trade.leverage}x</span>}
        <span class="muted">{moment(trade.exit_time ?? trade.entry_time)}</span>
        <span class={`right ${isStale ? "muted" : tone(pnl)}`} title={isOpen ? words.atShownPrice : undefined}>
          {arrow(pnl)} <b>{signed(pnl, 2)}</b> {percent(ofMargin)}
        </span>
      </div>
      <div class="muted">
        <span>
          {price(trade.entry_price)} → {price(trade.exit_price)}
        </span>
        <span>
          {words.quantity} {size(trade.position_size)}
        </span>
        <span>
          ${usd(trade.entry_notional)} → {trade.exit_notional === null ? "—" : `$${usd(trade.exit_notional)}`}
        </span>
        <span>
          {words.holding} {span(held)}
        </span>
        <span>
          {words.feesShort} {usd(trade.fees)} · {words.fundingShort} {signed(trade.funding, 2)}
        </span>
        {trade.cycle_id && (
          <a class="quiet" href={cyclePath(trade.cycle_id)} title={words.toDuel}>
            {words.duel}
          </a>
        )}
        <span class="right">
          {endText(trade)} <Reasons trade={trade} />
        </span>
      </div>
    </li>
  );
}
