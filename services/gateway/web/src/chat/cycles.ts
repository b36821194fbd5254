/** The feed's rows: one per cycle, with every contender's decision; cycles in a row in which all held are one fold. */

import type { Decision } from "../api/types.gen";

export interface Cycle {
  id: string;
  time_ms: number;
  /** In the roster's order. */
  decisions: Decision[];
}

export type FeedRow = { kind: "cycle"; cycle: Cycle } | { kind: "fold"; cycles: Cycle[] };

/** The cycles of these decisions, newest first; `models` is the order of contenders within one. */
export function cyclesOf(decisions: Decision[], models: string[]): Cycle[] {
  const cycles = new Map<string, Cycle>();
  for (const decision of decisions) {
    const cycle = cycles.get(decision.cycle_id);
    if (!cycle) {
      cycles.set(decision.cycle_id, { id: decision.cycle_id, time_ms: decision.time_ms, decisions: [decision] });
      continue;
    }
    cycle.decisions.push(decision);
    cycle.time_ms = Math.max(cycle.time_ms, decision.time_ms);
  }
  const rank = ({ model }: Decision): number => (models.includes(model) ? models.indexOf(model) : models.length);
  for (const cycle of cycles.values()) {
    cycle.decisions.sort((a, b) => rank(a) - rank(b) || b.time_ms - a.time_ms || (a.id < b.id ? 1 : -1));
  }
  return [...cycles.values()].sort((a, b) => b.time_ms - a.time_ms || (a.id < b.id ? 1 : -1));
}

/** Two and more cycles in a row in which every contender held become a fold. The newest cycle stands for itself, and a
 * fold is open while one of its cycles is in `opened`. */
export function foldedRows(cycles: Cycle[], opened: ReadonlySet<string>): FeedRow[] {
  const rows: FeedRow[] = [];
  let run: Cycle[] = [];
  const endRun = (): void => {
    const isOpen = run.some(({ id }) => opened.has(id));
    if (run.length > 1) rows.push({ kind: "fold", cycles: run });
    if (run.length === 1 || isOpen) rows.push(...run.map((cycle): FeedRow => ({ kind: "cycle", cycle })));
    run = [];
  };
  cycles.forEach((cycle, index) => {
    if (index > 0 && cycle.decisions.every(isHold)) {
      run.push(cycle);
      return;
    }
    endRun();
    rows.push({ kind: "cycle", cycle });
  });
  endRun();
  return rows;
}

/** Only an answer counts: a missing one is news. */
export function isHold(decision: Decision): boolean {
  return decision.outcome === "answered" && decision.action === "HOLD";
}
