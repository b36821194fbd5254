/** What a reader wants to hear of: entries, exits, fired stops, changes of the lead, halts. Pure. */

import type { Account, Fill, Halt } from "../api/types.gen";

export const KINDS = ["entry", "exit", "stop", "lead", "halt"] as const;
export type Kind = (typeof KINDS)[number];

export type News =
  | { kind: "entry" | "exit" | "stop"; key: string; fill: Fill }
  | { kind: "lead"; key: string; model: string }
  | { kind: "halt"; key: string; halt: Halt };

export interface Present {
  fills: Fill[];
  accounts: Account[];
  halts: Halt[];
}

/** By how many points of return another contender must lead before it counts, so that a tie doesn't change hands; the
 * notifier has the same. */
const LEAD_PERCENT = 0.1;
const MAX_KNOWN = 2_000;

const kindOf = (fill: Fill): "entry" | "exit" | "stop" =>
  fill.role === "entry" ? "entry" : fill.role === "stop" ? "stop" : "exit";

/** Compares each moment with the ones before. What stands at the first one is known. */
export class Watch {
  private known = new Set<string>();
  private leader: string | null = null;
  private isFirst = true;

  /** What is new, the oldest first; an order that is filled in parts is news once. */
  note({ fills, accounts, halts }: Present): News[] {
    const found: News[] = [
      ...[...fills].sort((one, other) => one.time_ms - other.time_ms).map(
        (fill): News => ({ kind: kindOf(fill), key: `fill ${fill.model} ${fill.order_id}`, fill }),
      ),
      ...halts.map((halt): News => ({ kind: "halt", key: `halt ${halt.model} ${halt.reason} ${halt.since_ms}`, halt })),
    ].filter(({ key }) => this.isNew(key));
    const lead = this.lead(accounts);
    const news = this.isFirst ? [] : [...found, ...lead];
    this.isFirst = false;
    return news;
  }

  private isNew(key: string): boolean {
    if (this.known.has(key)) return false;
    this.known.add(key);
    if (this.known.size > MAX_KNOWN) this.known.delete(this.known.values().next().value ?? "");
    return true;
  }

  private lead(accounts: Account[]): News[] {
    const ranked = accounts
      .filter((row) => row.return_percent !== null)
      .sort((one, other) => Number(other.return_percent) - Number(one.return_percent));
    const [first] = ranked;
    if (!first || ranked.length < 2) return [];
    if (this.leader === null) {
      this.leader = first.model;
      return [];
    }
    const before = ranked.find(({ model }) => model === this.leader);
    const ahead = Number(first.return_percent) - Number(before?.return_percent ?? -Infinity);
    if (first.model === this.leader || ahead < LEAD_PERCENT) return [];
    this.leader = first.model;
    return [{ kind: "lead", key: `lead ${first.model} ${first.time_ms}`, model: first.model }];
  }
}
