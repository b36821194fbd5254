/** The page's words in the chosen language. */

import { en, type Words } from "./en";
import { type Language, language } from "./language";
import { zh } from "./zh";

export type { Words } from "./en";

const DICTIONARY: Record<Language, Words> = { en, zh };

export function t(): Words {
  return DICTIONARY[language.value];
}

/** A sentence with its placeholders filled: "retry in {s} s". */
export function fill(sentence: string, values: Record<string, string | number>): string {
  return sentence.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(values[name] ?? placeholder));
}
