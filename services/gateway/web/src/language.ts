/** Which of the two languages the page speaks; the choice is kept in the browser. */

import { signal } from "@preact/signals";

export type Language = "en" | "zh";

function kept(): Language {
  const stored = typeof localStorage === "undefined" ? null : localStorage.getItem("language");
  if (stored === "en" || stored === "zh") return stored;
  return typeof navigator !== "undefined" && navigator.language?.startsWith("zh") ? "zh" : "en";
}

export const language = signal<Language>(kept());

export function locale(): "en-US" | "zh-CN" {
  return language.value === "zh" ? "zh-CN" : "en-US";
}

export function applyLanguage(): void {
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
}

export function switchLanguage(): void {
  language.value = language.value === "en" ? "zh" : "en";
  localStorage.setItem("language", language.value);
  applyLanguage();
}
