/** The verdict on a decision in a few words, with the tone that it is shown in. */

import type { Decision } from "../api/types.gen";
import type { Words } from "../words/words";

export interface Verdict {
  text: string;
  tone: "gain" | "loss" | "warning" | "muted";
}

export function verdictOf(row: Decision, words: Words): Verdict {
  if (row.outcome !== "answered") return { text: row.failure_code ?? row.outcome.toUpperCase(), tone: "warning" };
  if (row.verdict === "DENIED") return { text: `✗ ${words.denied} ${row.denial_code ?? ""}`.trim(), tone: "loss" };
  if (row.executed) return { text: `✓ ${words.approved} · ${words.filled}`, tone: "gain" };
  if (row.verdict === "APPROVED") return { text: `✓ ${words.approved}`, tone: "gain" };
  return { text: "", tone: "muted" };
}
