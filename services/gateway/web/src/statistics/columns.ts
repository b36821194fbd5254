/** The columns of the statistics views: a column is shown where the words have a label for it, in the order of the
 * labels. Its name says how: it ends in its unit, as every column of the views does. */

import type { Figure } from "../api/types.gen";
import { compact, NONE, number, percent, share, signed, span, usd } from "../words/format";
import type { Words } from "../words/words";

export type Group = keyof Words["statistics"];
export interface Column {
  name: string;
  label: string;
}

type Value = Figure | undefined;
type Show = (value: Value) => string;

const withUnit =
  (decimals: number, unit: string): Show =>
  (value) => {
    const text = number(value, decimals);
    return text === NONE ? NONE : `${text}${unit}`;
  };

/** The first pattern that a name matches says how its figures are shown. */
const FORMATS: [RegExp, Show][] = [
  [/^return_.*percent$/, percent],
  [/^residual$/, (value) => signed(value, 4)],
  [/^residual_percent$/, (value) => share(value, 4)],
  [/drawdown_percent$/, (value) => share(value, 2)],
  [/(_percent|confidence)$/, (value) => share(value)],
  [/holding_ms$/, span],
  [/_ms$/, withUnit(0, " ms")],
  [/leverage$/, withUnit(1, "x")],
  [/tokens$/, (value) => compact(value)],
  [/^cost_usd$/, (value) => number(value, 4)],
  [/(^equity|_notional|_usd|^fees)$/, usd],
  [/(pnl|realized|funding|win|loss|expectancy)$/, (value) => signed(value, 2)],
  [/^brier$/, (value) => number(value, 3)],
];

/** Figures whose sign is the news: shown with an arrow in the gain or loss color. */
const CHANGES = new Set(["return_percent", "total_pnl", "net_realized"]);

export function columnsOf(words: Words, group: Group): Column[] {
  return Object.entries(words.statistics[group]).map(([name, label]) => ({ name, label }));
}

export function showFigure(name: string, value: Value): string {
  const format = FORMATS.find(([pattern]) => pattern.test(name));
  if (format) return format[1](value);
  return number(value, typeof value === "number" ? 0 : 2);
}

export function isChange(name: string): boolean {
  return CHANGES.has(name);
}
