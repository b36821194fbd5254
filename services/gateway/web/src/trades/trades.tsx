import { get } from "../api/rest";
import { useLoad } from "../api/use-load";
import { useOlder } from "../api/use-older";
import { fills } from "../state/store";
import { LoadNote, StaleNote } from "../ui/note";
import { t } from "../words/words";
import { TradeRow } from "./trade-row";

/** Closed trades, newest entry first; asked for again when something was filled. */
export function Trades({ model }: { model: string | null }) {
  const words = t();
  const key = `trades ${model ?? ""}`;
  const loaded = useLoad(key, () => get("/trades", { model, limit: "50" }), 30_000, fills.value);
  const first = loaded.value?.next_before ?? null;
  const older = useOlder({
    key,
    read: async (before) => {
      const page = await get("/trades", { model, limit: "50", before });
      return { rows: page.trades, next: page.next_before };
    },
    newest: loaded.value?.trades,
    first,
  });
  if (!loaded.value) return <LoadNote loaded={loaded} />;
  const rows = new Map([...older.rows, ...loaded.value.trades].map((trade) => [trade.id, trade]));
  const closed = [...rows.values()]
    .filter((trade) => trade.status !== "OPEN")
    .sort((a, b) => (b.exit_time ?? 0) - (a.exit_time ?? 0));
  return (
    <>
      <StaleNote loaded={loaded} />
      {closed.length === 0 && <p class="note">{words.noTrades}</p>}
      <p class="note">
        <a href="/trades">{words.allTrades} ↗</a>
      </p>
      <ul class="rows" aria-label={words.trades}>
        {closed.map((trade) => (
          <TradeRow key={trade.id} trade={trade} />
        ))}
      </ul>
      {older.button}
    </>
  );
}
