import { t } from "../../i18n";
import type { DecisionDetail } from "../../types";
import { TradeRow } from "../trade-row";

/** What came of it: the trade that the decision opened or closed. */
export function Outcome({ detail }: { detail: DecisionDetail }) {
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
