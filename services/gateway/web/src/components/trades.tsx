import { get } from "../api";
import { arrow, moment, percent, price, signed, size, span, tone, usd } from "../format";
import { t } from "../i18n";
import { look } from "../models";
import { fills } from "../store";
import type { Trade } from "../types";
import { useLoad } from "./load";

export function ModelName({ model }: { model: string }) {
  const { name, marker, token } = look(model);
  return (
    <span class="model" style={`color: var(${token})`}>
      {marker} {name}
    </span>
  );
}

export function TradeRow({ trade }: { trade: Trade }) {
  const words = t();
  const held = trade.exit_time === null ? null : span(trade.exit_time - trade.entry_time);
  return (
    <li class="row" data-testid="trade-row">
      <div>
        <ModelName model={trade.model} /> <b>{trade.side}</b> {trade.symbol}{" "}
        {trade.leverage === null ? "" : `${trade.leverage}x`}
        <span class="muted"> {moment(trade.exit_time ?? trade.entry_time)}</span>
        <span class={`right ${tone(trade.pnl)}`}>
          {arrow(trade.pnl)} {signed(trade.pnl, 2)} <span class="muted">{words.net}</span>
        </span>
      </div>
      <div class="muted">
        {price(trade.entry_price)} → {price(trade.exit_price)} · {size(trade.position_size)} · $
        {usd(trade.entry_notional)} → ${usd(trade.exit_notional)} · {words.holding} {held ?? "—"}
        <span class="right">
          {percent(trade.pnl_percent)} · {trade.close_reason ?? trade.status.toLowerCase()}
        </span>
      </div>
    </li>
  );
}

export function Trades({ model }: { model: string | null }) {
  const words = t();
  const { value, failed } = useLoad(
    () => get<{ trades: Trade[] }>("trades", { model, limit: "100" }),
    [model, fills.value],
    30_000,
  );
  if (failed && !value) return <p class="note">{words.failed}</p>;
  if (!value) return <p class="note">{words.loading}</p>;
  const closed = value.trades.filter((trade) => trade.status !== "OPEN");
  if (closed.length === 0) return <p class="note">{words.noTrades}</p>;
  return (
    <ul class="rows">
      {closed.map((trade) => (
        <TradeRow key={trade.id} trade={trade} />
      ))}
    </ul>
  );
}
