/** Who competes and what is traded, from GET roster, which is read before the first paint. */

import { signal } from "@preact/signals";

import type { CoinInfo, Contender, Roster } from "../api/types.gen";

export type Mark = Contender["mark"];

export interface Look {
  /** In capitals, as labels are. */
  name: string;
  /** As the roster writes it. */
  fullName: string;
  mark: Mark;
  /** The mark as a character, for canvases. */
  glyph: string;
  /** The CSS variable of the contender's color. */
  token: string;
}

const GLYPHS: Record<Mark, string> = { circle: "●", diamond: "◆", square: "■", triangle: "▲" };

export const roster = signal<Roster>({ contenders: [], coins: [] });

export function contenderIds(): string[] {
  return roster.value.contenders.map((each) => each.id);
}

export function coins(): string[] {
  return roster.value.coins.map((each) => each.symbol);
}

export function coinInfo(symbol: string): CoinInfo | undefined {
  return roster.value.coins.find((each) => each.symbol === symbol);
}

/** How a contender is drawn: by its mark as well as its color. One of an earlier roster is grey. */
export function lookOf(id: string): Look {
  const found = roster.value.contenders.find((each) => each.id === id);
  const mark = found?.mark ?? "square";
  const fullName = found?.name ?? id;
  return {
    name: fullName.toUpperCase(),
    fullName,
    mark,
    glyph: GLYPHS[mark],
    token: found ? tokenOf(id) : "--muted",
  };
}

/** The style sheet that defines each contender's color for both themes; paper is light. */
export function colorSheet(value: Roster): string {
  const declare = (colorOf: (each: Contender) => string): string =>
    value.contenders.map((each) => `${tokenOf(each.id)}:${colorOf(each)}`).join(";");
  const light = declare((each) => each.color);
  const dark = declare((each) => each.color_dark);
  return `:root{${light}}[data-theme="dark"]{${dark}}@media print{[data-theme]{${light}}}`;
}

export function applyRoster(value: Roster): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(colorSheet(value));
  document.adoptedStyleSheets = [sheet];
  roster.value = value;
}

function tokenOf(id: string): string {
  return `--contender-${id}`;
}
