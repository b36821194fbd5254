/** The running score's rows as the page groups them. */

import type { Duel } from "../api/types.gen";
import { number, share } from "../words/format";

export interface Pair {
  model: string;
  rival: string;
  /** One row per span, shortest first. */
  spans: Duel[];
}

export function pairsOf(rows: Duel[]): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const row of rows) {
    const key = `${row.model} ${row.rival}`;
    const pair = pairs.get(key) ?? { model: row.model, rival: row.rival, spans: [] };
    pair.spans.push(row);
    pairs.set(key, pair);
  }
  for (const pair of pairs.values()) pair.spans.sort((a, b) => a.minutes - b.minutes);
  return [...pairs.values()];
}

/** "61% of 1,204": a share is never without its n. */
export function countText(part: number, whole: number): string {
  return `${whole === 0 ? "—" : share((100 * part) / whole, 0)} (n ${number(whole, 0)})`;
}
