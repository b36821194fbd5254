/** Rows of a list that REST pages and pushes both feed: each once, newest first, bounded. */

export interface Row {
  id: string;
  time_ms: number;
}

export const MAX_ROWS = 200;

/** Known and fresh rows together; a later version of a row replaces the earlier one. */
export function merged<T extends Row>(known: T[], fresh: T[], limit = MAX_ROWS): T[] {
  const rows = new Map(known.map((row) => [row.id, row]));
  for (const row of fresh) rows.set(row.id, row);
  return [...rows.values()].sort(newestFirst).slice(0, limit);
}

/** A snapshot of the newest rows. Where it doesn't reach back to what is known, something between may be missing: then
 * only the snapshot remains. */
export function replaced<T extends Row>(known: T[], snapshot: T[]): T[] {
  const newest = known[0];
  const oldest = snapshot.at(-1);
  const meets = newest && oldest && oldest.time_ms <= newest.time_ms;
  return meets ? merged(known, snapshot) : [...snapshot].sort(newestFirst);
}

/** Rows loaded before with a newer first page: what fell off that page stays. Null where the two don't meet, since
 * something between them may be missing. */
export function joined<T extends { id: string }>(known: T[], page: T[]): T[] | null {
  const ids = new Set(known.map((row) => row.id));
  const fresh = page.filter((row) => !ids.has(row.id));
  return fresh.length === page.length && page.length > 0 ? null : [...fresh, ...known];
}

function newestFirst(a: Row, b: Row): number {
  return b.time_ms - a.time_ms || (a.id < b.id ? 1 : -1);
}
