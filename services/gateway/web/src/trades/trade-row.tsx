import type { Trade } from "../api/types.gen";
import { cardPath, cyclePath } from "../navigation/route";
import { ModelName } from "../ui/model-name";
import { arrow, moment, percent, price, signed, size, span, tone, usd } from "../words/format";
import { t } from "../words/words";

/** A trade in two lines: contender, coin and P&L, then prices, sizes and costs. */
export function TradeRow({ trade }: { trade: Trade }) {
  const words = t();
  const isOpen = trade.status === "OPEN";
  const held = trade.exit_time === null ? null : trade.exit_time - trade.entry_time;
  return (
    <li class="row" data-testid="trade-row" data-id={trade.id}>
      <div>
        <ModelName model={trade.model} /> <b>{trade.side}</b> <span>{trade.symbol}</span>
        {trade.leverage !== null && <span>{trade.leverage}x</span>}
        <span class="muted">{moment(trade.exit_time ?? trade.entry_time)}</span>
        <span class={`right ${tone(trade.pnl)}`}>
          {arrow(trade.pnl)} <b>{signed(trade.pnl, 2)}</b> {percent(trade.pnl_percent)}
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
          {trade.cycle_id ? (
            <a class="quiet" href={cardPath(trade.cycle_id, trade.model)}>
              {isOpen ? words.stillOpen : (trade.close_reason ?? trade.status.toLowerCase())} ↗
            </a>
          ) : (
            (trade.close_reason ?? trade.status.toLowerCase())
          )}
        </span>
      </div>
    </li>
  );
}
