import { arrow, number, price, signed, size, span, tone, usd } from "../format";
import { t } from "../i18n";
import { MODELS } from "../models";
import { accounts, now, positions, prices } from "../store";
import type { Position } from "../types";
import { ModelName } from "./trades";

function Row({ position }: { position: Position }) {
  const words = t();
  const mark = prices.value[position.symbol]?.mark_price ?? position.mark_price;
  return (
    <li class="row" data-testid="position-row">
      <div>
        <b>{position.side}</b> {position.symbol} {position.leverage}x <span class="muted">{words.notional}</span>{" "}
        {usd(position.notional)}
        <span class={`right ${tone(position.unrealized_pnl)}`}>
          {arrow(position.unrealized_pnl)} {signed(position.unrealized_pnl, 2)}
        </span>
      </div>
      <div class="muted">
        {words.entry} {price(position.entry_price)} · {words.mark} {price(mark)} · {words.liquidation}{" "}
        {price(position.liquidation_price)} · {size(position.position_size)}
        <span class="right">{position.opened_at === null ? "" : span(now.value - position.opened_at)}</span>
      </div>
      <div class="muted">
        {words.exitPlan} {price(position.stop_loss)} / {price(position.take_profit)}
        <span class={`right ${position.protected ? "" : "warning"}`}>
          {position.protected ? `✓ ${words.protectedYes}` : `! ${words.protectedNo}`}
        </span>
      </div>
    </li>
  );
}

function Group({ model }: { model: string }) {
  const words = t();
  const rows = positions.value[model] ?? [];
  const account = accounts.value[model];
  return (
    <section class="group" aria-label={model}>
      <div class="group-head">
        <ModelName model={model} />
        <span>
          <span class="label">{words.unrealised}</span>{" "}
          <b class={tone(account?.unrealized_pnl)}>{signed(account?.unrealized_pnl, 2)}</b>
        </span>
        <span>
          <span class="label">{words.cash}</span> {number(account?.available_balance, 2)}
        </span>
      </div>
      {rows.length === 0 ? (
        <p class="note">{words.noPositions}</p>
      ) : (
        <ul class="rows">
          {rows.map((position) => (
            <Row key={position.symbol} position={position} />
          ))}
        </ul>
      )}
    </section>
  );
}

export function Positions({ model }: { model: string | null }) {
  return (
    <>
      {MODELS.filter((each) => model === null || each === model).map((each) => (
        <Group key={each} model={each} />
      ))}
    </>
  );
}
