import type { Trade } from "../api/types.gen";
import { cardPath } from "../navigation/route";
import { t } from "../words/words";

/** Why a trade ended, in words; an open one is open. */
export function endText(trade: Trade): string {
  const words = t();
  if (trade.status === "OPEN") return words.stillOpen;
  const reason = trade.close_reason ?? "";
  return words.closeReasons[reason] ?? (reason || trade.status.toLowerCase());
}

/** The decision that opened the trade and the one that ended it. A stop or a target leads to the plan that set it. */
export function Reasons({ trade }: { trade: Trade }) {
  const words = t();
  const isPlanned = trade.close_reason !== "decision";
  return (
    <span class="reasons">
      {trade.cycle_id !== null && (
        <a class="quiet" href={cardPath(trade.cycle_id, trade.model)}>
          {words.whyIn} ↗
        </a>
      )}{" "}
      {trade.exit_cycle_id !== null && (
        <a class="quiet" href={cardPath(trade.exit_cycle_id, trade.model, isPlanned ? "decision" : undefined)}>
          {words.whyOut} ↗
        </a>
      )}
    </span>
  );
}
