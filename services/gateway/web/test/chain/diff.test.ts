import { expect, test } from "vitest";

import { changesOf } from "../../src/chain/diff";

const lines = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => `line ${from + index}`);

test("a changed line is shown as removed and added, with two lines of context", () => {
  const before = [...lines(20), "price 1", ...lines(20, 20)].join("\n");
  const after = [...lines(20), "price 2", ...lines(20, 20)].join("\n");
  expect(changesOf(before, after)).toEqual([
    { kind: "folded", lines: 18 },
    { kind: "same", text: "line 18" },
    { kind: "same", text: "line 19" },
    { kind: "removed", text: "price 1" },
    { kind: "added", text: "price 2" },
    { kind: "same", text: "line 20" },
    { kind: "same", text: "line 21" },
    { kind: "folded", lines: 18 },
  ]);
});

test("few unchanged lines are shown, not folded", () => {
  expect(changesOf("a\nx\nb\nc\nd\ny\n", "a\nX\nb\nc\nd\nY\n").map((change) => change.kind)).toEqual([
    "same",
    "removed",
    "added",
    "same",
    "same",
    "same",
    "removed",
    "added",
  ]);
});

test("equal prompts are one fold", () => {
  expect(changesOf("a\nb\nc", "a\nb\nc")).toEqual([{ kind: "folded", lines: 3 }]);
});
