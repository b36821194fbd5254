import { get } from "../api/rest";
import type { Decision } from "../api/types.gen";
import { type Loaded, useLoad } from "../api/use-load";
import { useOlder } from "../api/use-older";
import { partOf } from "../chain/chain";
import { query } from "../navigation/router";
import { merged } from "../state/lists";
import { decisions, hasDecisions, status } from "../state/store";
import { LoadNote } from "../ui/note";
import { fill, t } from "../words/words";
import { Card } from "./card";

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

/** One card per decision, newest first; a linked one stands above them all. */
export function Chat({ model, card }: { model: string | null; card: Link | null }) {
  const words = t();
  const linked = useLinked(card);
  const newest = useLoad(
    `chat ${model ?? ""}`,
    () => get("/decisions", { model, limit: "50" }),
  );
  const older = useOlder({
    key: `chat ${model ?? ""}`,
    read: async (before) => {
      const page = await get("/decisions", { model, limit: "50", before });
      return { rows: page.decisions, next: page.next_before };
    },
    newest: newest.value?.decisions,
    first: newest.value?.next_before ?? null,
  });
  const pushed = decisions.value.filter((row) => model === null || row.model === model);
  const loadedRows = [...older.rows, ...(newest.value?.decisions ?? [])];
  const rows = merged(loadedRows, pushed, Infinity).filter((row) => row.id !== linked.row?.id);
  const intervalS = status.value?.decision_interval_s ?? 60;
  const isWaiting = !newest.value && !hasDecisions.value;
  if (card && !linked.row && !linked.loaded.failed) return <LoadNote loaded={linked.loaded} />;
  return (
    <>
      {card && !linked.row && <LoadNote loaded={linked.loaded} />}
      {linked.row && (
        <ul class="cards" aria-label={words.linkedCard}>
          <Card key={`linked ${linked.row.id}`} row={linked.row} part={partOf(query.value.get("part"))} isLinked />
        </ul>
      )}
      {isWaiting && <LoadNote loaded={newest} />}
      {!isWaiting && rows.length === 0 && !linked.row && <p class="note">{fill(words.noDecisions, { s: intervalS })}</p>}
      <ul class="cards" aria-label={words.chat}>
        {rows.map((row) => (
          <Card key={row.id} row={row} part="risk" isLinked={false} />
        ))}
      </ul>
      {older.button}
    </>
  );
}
