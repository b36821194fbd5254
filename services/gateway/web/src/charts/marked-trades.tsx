import { prices } from "../state/store";
import { endText, Reasons } from "../trades/reasons";
import { resultOf } from "../trades/result";
import { ModelName } from "../ui/model-name";
import { arrow, moment, price, signed, tone } from "../words/format";
import { fill, t } from "../words/words";
import type { Execution } from "./markers";

const MOST = 4;

function Line({ execution }: { execution: Execution }) {
  const words = t();
  const { trade, ms, isEntry } = execution;
  const { pnl } = resultOf(trade, prices.value[trade.symbol]?.mark_price);
  return (
    <li>
      <ModelName model={trade.model} isMarkOnly />{" "}
      <b>{words.actions[trade.side]}</b> {trade.symbol} {isEntry ? words.entry : endText(trade)}{" "}
      {price(isEntry ? trade.entry_price : trade.exit_price)} <span class="muted">{moment(ms)}</span>{" "}
      <b class={tone(pnl)}>
        {arrow(pnl)} {signed(pnl, 2)}
      </b>{" "}
      <Reasons trade={trade} />
    </li>
  );
}

/** What the marker under the crosshair stands for; a click keeps it, so that its links can be followed. */
export function MarkedTrades({ executions, isKept }: { executions: Execution[]; isKept: boolean }) {
  const words = t();
  if (executions.length === 0) return null;
  const more = executions.length - MOST;
  return (
    <ul class={`marked rows ${isKept ? "kept" : ""}`} data-testid="marked-trades">
      {executions.slice(0, MOST).map((each) => (
        <Line key={`${each.trade.id} ${each.isEntry}`} execution={each} />
      ))}
      {more > 0 && (
        <li>
          <a href="/trades">{fill(words.moreTrades, { n: more })} ↗</a>
        </li>
      )}
      {!isKept && <li class="muted">{words.clickKeeps}</li>}
    </ul>
  );
}
