/** Words in both languages. */

import { type Language, language } from "./language";
import { en, type Words } from "./words/en";
import { zh } from "./words/zh";

export type { Words } from "./words/en";

const DICTIONARY: Record<Language, Words> = { en, zh };

export function t(): Words {
  return DICTIONARY[language.value];
}

/** A sentence with its gaps filled: "retry in {s} s". */
export function fill(sentence: string, values: Record<string, string | number>): string {
  return sentence.replace(/\{(\w+)\}/g, (gap, name: string) => String(values[name] ?? gap));
}
