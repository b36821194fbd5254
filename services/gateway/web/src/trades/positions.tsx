import type { Position } from "../api/types.gen";
import { askToClose } from "../frame/control";
import { cardPath } from "../navigation/route";
import { contenderIds } from "../state/roster";
import { isOldPrice, priceAge } from "../state/stale";
import { accounts, connections, now, positions, prices, status } from "../state/store";
import { Flash } from "../ui/flash";
import { ModelName } from "../ui/model-name";
import { arrow, price, signed, size, span, tone, usd } from "../words/format";
import { nameOf } from "../words/boards/codes";
import { t } from "../words/words";

function Row({ position }: { position: Position }) {
  const words = t();
  const isStale = isOldPrice(priceAge(position.symbol));
  const mark = prices.value[position.symbol]?.mark_price ?? position.mark_price;
  return (
    <li class="row" data-testid="position-row" data-id={`${position.model} ${position.symbol}`}>
      <div>
        <b>{nameOf(position.side)}</b> <span>{position.symbol}</span> <span>{position.leverage}x</span>
        <span class="muted">{size(position.position_size)}</span>
        <span>
          <span class="muted">{words.notionalShort}</span> ${usd(position.notional)}
        </span>
        <span class={`right ${isStale ? "muted" : tone(position.unrealized_pnl)}`}>
          {arrow(position.unrealized_pnl)}{" "}
          <Flash value={position.unrealized_pnl}>{signed(position.unrealized_pnl, 2)}</Flash>
        </span>
      </div>
      <div class="muted">
        <span>
          {words.entry} {price(position.entry_price)}
        </span>
        <span>
          {words.mark} {price(mark)}
        </span>
        <span>
          {words.liquidation} {price(position.liquidation_price)}
        </span>
        <span class="right">{position.opened_at === null ? "" : span(now.value - position.opened_at)}</span>
      </div>
      <div class="muted">
        <span>
          {words.stop} {price(position.stop_loss)}
        </span>
        <span>
          {words.target} {price(position.take_profit)}
        </span>
        {position.cycle_id && (
          <a class="quiet" href={`${cardPath(position.cycle_id, position.model, "decision")}`}>
            {words.exitPlan} ↗
          </a>
        )}
        {status.value?.has_control && (
          <button type="button" class="quiet" data-testid="close-position" onClick={() => askToClose(position)}>
            {words.commands.close} …
          </button>
        )}
        {position.protected !== null && (
          <span class={`right ${position.protected ? "" : "loss strong"}`}>
            {position.protected ? `✓ ${words.protectedYes}` : `✗ ${words.protectedNo}`}
          </span>
        )}
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
          <span class="label">{words.unrealized}</span>{" "}
          <b class={tone(account?.unrealized_pnl)}>{signed(account?.unrealized_pnl, 2)}</b>
        </span>
        <span>
          <span class="label">{words.cash}</span> {usd(account?.available_balance)}
        </span>
      </div>
      {rows.length === 0 ? (
        <p class="note">{connections.value === 0 ? words.loading : words.noPositions}</p>
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

/** Open positions by model, with their exit plans. */
export function Positions({ model }: { model: string | null }) {
  return (
    <>
      {contenderIds().filter((each) => model === null || each === model).map((each) => (
        <Group key={each} model={each} />
      ))}
    </>
  );
}
