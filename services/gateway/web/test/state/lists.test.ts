import { expect, test } from "vitest";

import { joined, merged, MAX_ROWS, replaced } from "../../src/state/lists";

const row = (id: string, time_ms: number, text = ""): { id: string; time_ms: number; text: string } => ({
  id,
  time_ms,
  text,
});

test("a row is there once, in its latest version, newest first", () => {
  const rows = merged([row("a", 1), row("b", 2, "old")], [row("b", 2, "new"), row("c", 3)]);
  expect(rows.map(({ id, text }) => id + text)).toEqual(["c", "bnew", "a"]);
});

test("the list is bounded, and loses the oldest", () => {
  const rows = merged(
    Array.from({ length: MAX_ROWS }, (_, index) => row(`r${index}`, index)),
    [row("new", MAX_ROWS)],
  );
  expect(rows).toHaveLength(MAX_ROWS);
  expect(rows[0]?.id).toBe("new");
  expect(rows.some(({ id }) => id === "r0")).toBe(false);
});

test("a snapshot that meets what is known is joined to it; one behind a gap replaces it", () => {
  expect(replaced([row("b", 2), row("a", 1)], [row("c", 3), row("b", 2)]).map(({ id }) => id)).toEqual(["c", "b", "a"]);
  expect(replaced([row("b", 2), row("a", 1)], [row("e", 9), row("d", 8)]).map(({ id }) => id)).toEqual(["e", "d"]);
  expect(replaced([row("a", 1)], [])).toEqual([]);
});

test("what falls off the first page stays with the older pages; a first page behind a gap does not meet them", () => {
  const known = [row("d", 4), row("c", 3), row("b", 2), row("a", 1)];
  const ids = (page: { id: string }[]): string[] | undefined => joined(known, page as typeof known)?.map(({ id }) => id);
  expect(ids([row("f", 6), row("e", 5), row("d", 4)])).toEqual(["f", "e", "d", "c", "b", "a"]);
  expect(ids([row("g", 7), row("f", 6)])).toBeUndefined();
  expect(ids([])).toEqual(["d", "c", "b", "a"]);
});
