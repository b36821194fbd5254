/** A prompt against the previous one, line by line, with unchanged lines folded. */

import { diffLines } from "diff";

export type Change =
  | { kind: "same" | "added" | "removed"; text: string }
  | { kind: "folded"; lines: number };

const CONTEXT = 2;

/** The lines of `after` and what they replaced in `before`; more than a few unchanged lines in a row become one fold. */
export function changesOf(before: string, after: string): Change[] {
  const rows: Change[] = [];
  const parts = diffLines(before, after);
  parts.forEach((part, index) => {
    const lines = part.value.replace(/\n$/, "").split("\n");
    if (part.added || part.removed) {
      rows.push(...lines.map((text) => ({ kind: part.added ? ("added" as const) : ("removed" as const), text })));
      return;
    }
    const head = index === 0 ? 0 : CONTEXT;
    const tail = index === parts.length - 1 ? 0 : CONTEXT;
    const hidden = lines.length - head - tail;
    const same = (texts: string[]): void => {
      rows.push(...texts.map((text) => ({ kind: "same" as const, text })));
    };
    if (hidden <= 1) return same(lines);
    same(lines.slice(0, head));
    rows.push({ kind: "folded", lines: hidden });
    same(lines.slice(lines.length - tail));
  });
  return rows;
}
