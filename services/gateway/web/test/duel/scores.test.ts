import { expect, test } from "vitest";

import type { Duel } from "../../src/api/types.gen";
import { countText, pairsOf } from "../../src/duel/scores";

const sums = { cycles: 0, agreed: 0, acted: 0, acted_agreed: 0, known: 0, model_right: 0, rival_right: 0 };
const row = (model: string, rival: string, minutes: number): Duel => ({ model, rival, minutes, ...sums });

test("each two contenders are one pair, their spans ascending", () => {
  const pairs = pairsOf([row("a", "b", 60), row("a", "c", 5), row("a", "b", 5)]);
  expect(pairs.map(({ model, rival, spans }) => [model, rival, spans.map(({ minutes }) => minutes)])).toEqual([
    ["a", "b", [5, 60]],
    ["a", "c", [5]],
  ]);
});

test("a share stands with its n, and of nothing there is none", () => {
  expect(countText(1, 3)).toBe("33% (n 3)");
  expect(countText(0, 0)).toBe("— (n 0)");
});
