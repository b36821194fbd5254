/** What the feed shows, as the address says it. */

import type { Action, Decision } from "../api/types.gen";

export const ACTIONS: readonly Action[] = ["LONG", "SHORT", "CLOSE", "HOLD"];
export const VERDICTS: readonly Decision["verdict"][] = ["APPROVED", "DENIED", "NONE"];

export interface Filters {
  model: string | null;
  action: Action | null;
  symbol: string | null;
  verdict: Decision["verdict"] | null;
  /** Decisions up to this moment, ms; null: as they come. */
  until: number | null;
}

/** What the address names and the arena knows; the rest is no filter. */
export function filtersOf(query: URLSearchParams, models: string[], coins: string[]): Filters {
  const known = <T extends string>(name: string, values: readonly T[]): T | null =>
    values.find((value) => value === query.get(name)) ?? null;
  const until = Number(query.get("at") ?? Number.NaN);
  return {
    model: known("model", models),
    action: known("action", ACTIONS),
    symbol: known("symbol", coins),
    verdict: known("verdict", VERDICTS),
    until: Number.isSafeInteger(until) && until > 0 ? until : null,
  };
}

export function isShown(decision: Decision, filters: Filters): boolean {
  const { model, action, symbol, verdict, until } = filters;
  return (
    (model === null || decision.model === model) &&
    (action === null || decision.action === action) &&
    (symbol === null || decision.symbol === symbol) &&
    (verdict === null || decision.verdict === verdict) &&
    (until === null || decision.time_ms <= until)
  );
}

/** As GET decisions takes them. */
export function parametersOf({ until, ...names }: Filters): Record<string, string | null> {
  return { ...names, until_ms: until === null ? null : String(until) };
}

/** A moment as a form's local date and time has it: 2026-11-30T14:03. */
export function localMinute(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** How long until the next decision, s: at the next whole interval of market time, which runs at `speed`. */
export function secondsToNext(nowMs: number, intervalS: number, speed = 1): number {
  return Math.ceil((intervalS - ((nowMs / 1000) % intervalS)) / speed);
}
