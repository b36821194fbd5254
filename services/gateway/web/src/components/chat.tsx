import { get } from "../api";
import { fill, t } from "../i18n";
import { merged } from "../lists";
import { query } from "../router";
import { decisions, hasDecisions, status } from "../store";
import type { Decision } from "../types";
import { Card } from "./card";
import { partOf } from "./chain/chain";
import { type Loaded, useLoad } from "./load";
import { LoadNote } from "./note";
import { useOlder } from "./older";

export interface Link {
  cycle: string;
  model: string;
}

/** The decision that the address names; one that was pushed already needs no loading. */
function useLinked(card: Link | null): { row: Decision | null; loaded: Loaded<Decision | null> } {
  const known = card && decisions.value.find((row) => row.cycle_id === card.cycle && row.model === card.model);
  const loaded = useLoad<Decision | null>(`card ${card?.cycle ?? ""} ${card?.model ?? ""} ${Boolean(known)}`, () =>
    card && !known ? get<Decision>(`decisions/${encodeURIComponent(card.cycle)}/${card.model}`) : Promise.resolve(null),
  );
  return { row: known ?? loaded.value, loaded };
}

/** One card per decision, newest first; a linked one stands above them all. */
export function Chat({ model, card }: { model: string | null; card: Link | null }) {
  const words = t();
  const linked = useLinked(card);
  const newest = useLoad(
    `chat ${model ?? ""}`,
    () => get<{ decisions: Decision[]; next_before: string | null }>("decisions", { model, limit: "50" }),
  );
  const older = useOlder<Decision>(
    `chat ${model ?? ""}`,
    "decisions",
    "decisions",
    { model, limit: "50" },
    newest.value?.decisions,
    newest.value?.next_before ?? null,
  );
  const pushed = decisions.value.filter((row) => model === null || row.model === model);
  const loadedRows = [...older.rows, ...(newest.value?.decisions ?? [])];
  const rows = merged(loadedRows, pushed, Infinity).filter((row) => row.id !== linked.row?.id);
  const seconds = status.value?.decision_interval_s ?? 60;
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
      {!isWaiting && rows.length === 0 && !linked.row && <p class="note">{fill(words.noDecisions, { s: seconds })}</p>}
      <ul class="cards" aria-label={words.chat}>
        {rows.map((row) => (
          <Card key={row.id} row={row} part="risk" isLinked={false} />
        ))}
      </ul>
      {older.button}
    </>
  );
}
