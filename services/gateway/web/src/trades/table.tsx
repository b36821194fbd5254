import type { Trade } from "../api/types.gen";
import { query, setFilter } from "../navigation/router";
import { isOldPrice, priceAge } from "../state/stale";
import { now, prices } from "../state/store";
import { ModelName } from "../ui/model-name";
import { arrow, moment, percent, price, signed, span, tone, usd } from "../words/format";
import { t } from "../words/words";
import { endText, Reasons } from "./reasons";
import { resultOf } from "./result";
import { type Column, type Order, orderOf, pressed, SORTABLE, sorted } from "./sorting";

function priceOf(symbol: string): string | undefined {
  return prices.value[symbol]?.mark_price;
}

function Head({ column, order }: { column: Column; order: Order }) {
  const text = t().tradeColumns[column];
  if (!SORTABLE.includes(column)) return <th scope="col">{text}</th>;
  const isSorted = order.column === column;
  const direction = order.isDescending ? "descending" : "ascending";
  return (
    <th scope="col" aria-sort={isSorted ? direction : undefined}>
      <button type="button" onClick={() => setFilter("sort", pressed(column, order))}>
        {text}
        <span aria-hidden="true">{isSorted ? (order.isDescending ? " ▼" : " ▲") : ""}</span>
      </button>
    </th>
  );
}

/** The net result: of an open trade at the price shown, which is grey once that is old. */
function ResultCells({ trade }: { trade: Trade }) {
  const words = t();
  const isOpen = trade.status === "OPEN";
  const { pnl, percent: ofMargin } = resultOf(trade, priceOf(trade.symbol));
  const shade = isOpen && isOldPrice(priceAge(trade.symbol)) ? "muted" : tone(pnl);
  return (
    <>
      <td class={shade} data-label={words.tradeColumns.pnl} data-column="pnl">
        {arrow(pnl)} {signed(pnl, 2)}
      </td>
      <td class={shade} data-label={words.tradeColumns.pnlPercent} data-column="pnlPercent">
        {percent(ofMargin)}
      </td>
    </>
  );
}

function Row({ trade }: { trade: Trade }) {
  const words = t();
  const labels = words.tradeColumns;
  return (
    <tr data-testid="trade-line" data-id={trade.id}>
      <td data-column="entry_time">{moment(trade.entry_time)}</td>
      <th scope="row">
        <ModelName model={trade.model} />
      </th>
      <td>{trade.symbol}</td>
      <td>
        {words.actions[trade.side]} {trade.leverage !== null && `${trade.leverage}x`}
      </td>
      <td data-label={labels.held}>{span((trade.exit_time ?? now.value) - trade.entry_time)}</td>
      <td class="wide">
        {price(trade.entry_price)} → {price(trade.exit_price)}
      </td>
      <td data-label={labels.notional}>{usd(trade.entry_notional)}</td>
      <td data-label={labels.mae}>{percent(trade.mae_percent)}</td>
      <td data-label={labels.mfe}>{percent(trade.mfe_percent)}</td>
      <td data-label={labels.fees}>{usd(trade.fees)}</td>
      <td data-label={labels.funding}>{signed(trade.funding, 2)}</td>
      <ResultCells trade={trade} />
      <td class="wide">
        {endText(trade)} <Reasons trade={trade} />
      </td>
    </tr>
  );
}

/** One line a trade, in the order that the address names. */
export function TradeTable({ trades }: { trades: Trade[] }) {
  const words = t();
  const order = orderOf(query.value.get("sort"));
  const rows = sorted(trades, order, { ms: now.value, priceOf });
  return (
    <table class="figures trade-table">
      <caption class="hidden">{words.tradesPage}</caption>
      <thead>
        <tr>
          {(Object.keys(words.tradeColumns) as Column[]).map((column) => (
            <Head key={column} column={column} order={order} />
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((trade) => (
          <Row key={trade.id} trade={trade} />
        ))}
      </tbody>
    </table>
  );
}
