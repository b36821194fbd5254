/** The language of the page; the choice is stored in the browser. */

import { signal } from "@preact/signals";

import { choice, store } from "../state/choices";

export type Language = "en" | "zh";

function stored(): Language {
  const saved = choice("language");
  if (saved === "en" || saved === "zh") return saved;
  return typeof navigator !== "undefined" && navigator.language?.startsWith("zh") ? "zh" : "en";
}

export const language = signal<Language>(stored());

export function locale(): "en-US" | "zh-CN" {
  return language.value === "zh" ? "zh-CN" : "en-US";
}

export function applyLanguage(): void {
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
}

export function switchLanguage(): void {
  language.value = language.value === "en" ? "zh" : "en";
  store("language", language.value);
  applyLanguage();
}
