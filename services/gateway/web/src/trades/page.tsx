import "../styles/trades.css";

import { get } from "../api/rest";
import { useLoad } from "../api/use-load";
import { useOlder } from "../api/use-older";
import { query, setFilter } from "../navigation/router";
import { coins, contenderIds, lookOf } from "../state/roster";
import { fills } from "../state/store";
import { LoadNote, StaleNote } from "../ui/note";
import { fill, t } from "../words/words";
import { TradeGroups } from "./groups";
import { orderOf, SORTABLE } from "./sorting";
import { TradeTable } from "./table";

const POLL_MS = 30_000;
const PAGE = "200";

/** A choice among rows that lives in the address. */
function Choice(props: { name: string; label: string; none: string | null; choices: [string, string][]; value: string }) {
  return (
    <label class="filter">
      <span class="label">{props.label}</span>{" "}
      <select
        value={props.value}
        onChange={(event) => setFilter(props.name, (event.target as HTMLSelectElement).value || null, true)}
      >
        {props.none !== null && <option value="">{props.none}</option>}
        {props.choices.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function Filters({ model, symbol }: { model: string | null; symbol: string | null }) {
  const words = t();
  const { column, isDescending } = orderOf(query.value.get("sort"));
  return (
    <div class="trade-filters">
      <Choice
        name="model"
        label={words.filter}
        none={words.allModels}
        choices={contenderIds().map((id) => [id, lookOf(id).name])}
        value={model ?? ""}
      />
      <Choice
        name="coin"
        label={words.coin}
        none={words.allCoins}
        choices={coins().map((each) => [each, each])}
        value={symbol ?? ""}
      />
      <Choice
        name="sort"
        label={words.sort}
        none={null}
        choices={SORTABLE.flatMap((each) => [
          [`-${each}`, `${words.tradeColumns[each]} ▼`],
          [each, `${words.tradeColumns[each]} ▲`],
        ])}
        value={`${isDescending ? "-" : ""}${column}`}
      />
    </div>
  );
}

/** Every trade as a line of one table, and what they add up to. */
export function TradesPage() {
  const words = t();
  const among = (name: string, all: string[]): string | null => {
    const value = query.value.get(name);
    return value !== null && all.includes(value) ? value : null;
  };
  const model = among("model", contenderIds());
  const symbol = among("coin", coins());
  const key = `trade table ${model ?? ""} ${symbol ?? ""}`;
  const load = (before: string | null) => get("/trades", { model, symbol, limit: PAGE, before });
  const loaded = useLoad(key, () => load(null), POLL_MS, fills.value);
  const older = useOlder({
    key,
    read: async (before) => {
      const page = await load(before);
      return { rows: page.trades, next: page.next_before };
    },
    newest: loaded.value?.trades,
    first: loaded.value?.next_before ?? null,
  });
  const rows = [...new Map([...older.rows, ...(loaded.value?.trades ?? [])].map((row) => [row.id, row])).values()];
  return (
    <section class="page trades-page">
      <h1 class="hidden">{words.tradesPage}</h1>
      <Filters model={model} symbol={symbol} />
      <StaleNote loaded={loaded} />
      {!loaded.value && <LoadNote loaded={loaded} />}
      {loaded.value && rows.length === 0 && <p class="note">{words.noTrades}</p>}
      {rows.length > 0 && (
        <>
          <TradeTable trades={rows} />
          {older.button}
          <p class="note">{fill(words.tradesNote, { n: rows.length })}</p>
        </>
      )}
      <TradeGroups model={model} />
    </section>
  );
}
