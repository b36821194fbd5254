import { get } from "../api/rest";
import type { Decision } from "../api/types.gen";
import { type Loaded, useLoad } from "../api/use-load";
import { useOlder } from "../api/use-older";
import { partOf } from "../chain/chain";
import { query } from "../navigation/router";
import { merged } from "../state/lists";
import { isReplay } from "../state/replay";
import { coins, contenderIds } from "../state/roster";
import { decisions, hasDecisions, status } from "../state/store";
import { LoadNote } from "../ui/note";
import { fill, t } from "../words/words";
import { Card } from "./card";
import { Feed } from "./feed";
import { FeedBar } from "./feed-bar";
import { filtersOf, isShown, parametersOf } from "./filters";

const PAGE_ROWS = "100";

export interface Link {
  cycle: string;
  model: string;
}

/** The decision that the address names; one that was pushed already needs no loading. */
function useLinked(card: Link | null): { row: Decision | null; loaded: Loaded<Decision | null> } {
  const known = card && decisions.value.find((row) => row.cycle_id === card.cycle && row.model === card.model);
  const loaded = useLoad<Decision | null>(`card ${card?.cycle ?? ""} ${card?.model ?? ""} ${Boolean(known)}`, () =>
    card && !known ? get("/decisions/{cycle_id}/{model}", { cycle_id: card.cycle, model: card.model }) : Promise.resolve(null),
  );
  return { row: known ?? loaded.value, loaded };
}

/** The feed of decisions, as its filters in the address say; a linked decision stands above it. */
export function Chat({ card }: { card: Link | null }) {
  const words = t();
  const linked = useLinked(card);
  const named = filtersOf(query.value, contenderIds(), coins());
  const filters = isReplay ? { ...named, until: null } : named;
  const parameters = { ...parametersOf(filters), limit: PAGE_ROWS };
  const key = `chat ${JSON.stringify(filters)}`;
  const newest = useLoad(key, () => get("/decisions", parameters));
  const older = useOlder({
    key,
    read: async (before) => {
      const page = await get("/decisions", { ...parameters, before });
      return { rows: page.decisions, next: page.next_before };
    },
    newest: newest.value?.decisions,
    first: newest.value?.next_before ?? null,
  });
  const pushed = filters.until === null ? decisions.value.filter((row) => isShown(row, filters)) : [];
  const loadedRows = [...older.rows, ...(newest.value?.decisions ?? [])];
  const rows = merged(loadedRows, pushed, Infinity).filter((row) => row.id !== linked.row?.id);
  const isFiltered = Object.values(filters).some((value) => value !== null);
  const isWaiting = !newest.value && (isFiltered || !hasDecisions.value);
  const intervalS = status.value?.decision_interval_s ?? 60;
  if (card && !linked.row && !linked.loaded.failed) return <LoadNote loaded={linked.loaded} />;
  return (
    <>
      {card && !linked.row && <LoadNote loaded={linked.loaded} />}
      {linked.row && (
        <ul class="cards" aria-label={words.linkedCard}>
          <Card key={`linked ${linked.row.id}`} row={linked.row} part={partOf(query.value.get("part"))} isLinked />
        </ul>
      )}
      <FeedBar filters={filters} isUnfolded={query.value.get("holds") === "shown"} />
      {isWaiting && <LoadNote loaded={newest} />}
      {!isWaiting && rows.length === 0 && !linked.row && (
        <p class="note">{isFiltered ? words.noMatch : fill(words.noDecisions, { s: intervalS })}</p>
      )}
      <Feed decisions={rows} isUnfolded={query.value.get("holds") === "shown"} />
      {older.button}
    </>
  );
}
