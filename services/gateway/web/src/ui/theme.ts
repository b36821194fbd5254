/** Light or dark; the system's choice until the reader makes one. */

import { signal } from "@preact/signals";

import { choice, store } from "../state/choices";

export type Theme = "light" | "dark";

function initial(): Theme {
  const stored = choice("theme");
  if (stored === "light" || stored === "dark") return stored;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export const theme = signal<Theme>(initial());

export function applyTheme(): void {
  document.documentElement.dataset["theme"] = theme.value;
}

export function switchTheme(): void {
  theme.value = theme.value === "light" ? "dark" : "light";
  store("theme", theme.value);
  applyTheme();
}

/** Whether gains are red and losses green, as in Chinese markets. */
export const risesRed = choice("rise") === "red";

export function applyRise(): void {
  document.documentElement.dataset["rise"] = risesRed ? "red" : "green";
}

/** Shows the page again in the other colors, since what is drawn on a canvas keeps its own. */
export function switchRise(): void {
  store("rise", risesRed ? "green" : "red");
  location.reload();
}

/** The value of a color token, for canvases. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
