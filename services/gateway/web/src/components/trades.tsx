import { get } from "../api";
import { t } from "../i18n";
import { fills } from "../store";
import type { Trade } from "../types";
import { useLoad } from "./load";
import { LoadNote, StaleNote } from "./note";
import { useOlder } from "./older";
import { TradeRow } from "./trade-row";

interface Answer {
  trades: Trade[];
  next_before: string | null;
}

/** Closed trades, newest entry first; asked for again when something was filled. */
export function Trades({ model }: { model: string | null }) {
  const words = t();
  const key = `trades ${model ?? ""}`;
  const loaded = useLoad(key, () => get<Answer>("trades", { model, limit: "50" }), 30_000, fills.value);
  const first = loaded.value?.next_before ?? null;
  const older = useOlder<Trade>(key, "trades", "trades", { model, limit: "50" }, loaded.value?.trades, first);
  if (!loaded.value) return <LoadNote loaded={loaded} />;
  const rows = new Map([...older.rows, ...loaded.value.trades].map((trade) => [trade.id, trade]));
  const closed = [...rows.values()]
    .filter((trade) => trade.status !== "OPEN")
    .sort((a, b) => (b.exit_time ?? 0) - (a.exit_time ?? 0));
  return (
    <>
      <StaleNote loaded={loaded} />
      {closed.length === 0 && <p class="note">{words.noTrades}</p>}
      <ul class="rows" aria-label={words.trades}>
        {closed.map((trade) => (
          <TradeRow key={trade.id} trade={trade} />
        ))}
      </ul>
      {older.button}
    </>
  );
}
