import type { DecisionDetail } from "../api/types.gen";
import { clock, number, price, signed, size, tone } from "../words/format";
import { nameOf } from "../words/boards/codes";
import { t } from "../words/words";

/** What was sent to the exchange, and what was filled of it. */
export function Orders({ detail }: { detail: Pick<DecisionDetail, "orders" | "fills"> }) {
  const words = t();
  if (detail.orders.length + detail.fills.length === 0) return <p class="note">{words.noOrders}</p>;
  return (
    <>
      <h3>{words.ordersOnly}</h3>
      {detail.orders.length === 0 && <p class="note">{words.nothing}</p>}
      <ul class="plain">
        {detail.orders.map((order) => (
          <li key={order.client_order_id}>
            <span class="muted">{clock(order.time_ms)}</span> <b>{nameOf(order.role)}</b> {nameOf(order.side)} {size(order.size)} @{" "}
            {price(order.trigger_price ?? order.price)}
            <span class={`right ${order.reason ? "warning" : ""}`}>
              {nameOf(order.status)} {order.reason ?? ""}
            </span>
          </li>
        ))}
      </ul>
      <h3>{words.fillsOnly}</h3>
      {detail.fills.length === 0 && <p class="note">{words.nothing}</p>}
      <ul class="plain">
        {detail.fills.map((each) => (
          <li key={each.id}>
            <span class="muted">{clock(each.time_ms)}</span> <b>{nameOf(each.role)}</b> {nameOf(each.side)} {size(each.size)} @{" "}
            {price(each.price)}
            <span class="right">
              <span class="muted">
                {words.fee} {number(each.fee, 4)}
              </span>{" "}
              {Number(each.closed_pnl) !== 0 && (
                <span class={tone(each.closed_pnl)}>{signed(each.closed_pnl, 2)}</span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
