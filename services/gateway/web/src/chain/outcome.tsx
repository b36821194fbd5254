import type { DecisionDetail } from "../api/types.gen";
import { TradeRow } from "../trades/trade-row";
import { t } from "../words/words";

/** The trade that the decision opened or closed, or why there is none. */
export function Outcome({ detail }: { detail: Pick<DecisionDetail, "trade" | "outcome" | "verdict" | "action"> }) {
  const words = t();
  if (detail.trade) {
    return (
      <ul class="rows">
        <TradeRow trade={detail.trade} />
      </ul>
    );
  }
  const text =
    detail.outcome !== "answered"
      ? words.resultNone
      : detail.verdict === "DENIED"
        ? words.resultDenied
        : detail.action === "HOLD"
          ? words.resultHold
          : words.resultPending;
  return <p class="note">{text}</p>;
}
