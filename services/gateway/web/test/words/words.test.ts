import { beforeEach, expect, test } from "vitest";

import { titleOf } from "../../src/navigation/title";
import { roster } from "../../src/state/roster";
import { en } from "../../src/words/en";
import { fill } from "../../src/words/words";
import { zh } from "../../src/words/zh";
import { THREE_AND_SEVEN } from "../rows";

beforeEach(() => {
  roster.value = THREE_AND_SEVEN;
});

type Tree = { [key: string]: string | Tree };

function placeholders(tree: Tree, path = ""): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string"
      ? [`${path}${key} ${(value.match(/\{\w+\}/g) ?? []).sort().join()}`]
      : placeholders(value, `${path}${key}.`),
  );
}

test("both languages have the same words with the same placeholders", () => {
  expect(placeholders(zh as unknown as Tree).sort()).toEqual(placeholders(en as unknown as Tree).sort());
});

test("a placeholder without a value stays visible", () => {
  expect(fill("{n} of {m}", { n: 2 })).toBe("2 of {m}");
});

test("plain words: no exclamation marks", () => {
  expect(JSON.stringify([en, zh])).not.toMatch(/[!！]/);
});

test("the tab's title begins with the mode", () => {
  expect(titleOf("PAPER", { page: "leaderboard" }, en)).toBe("PAPER · LEADERBOARD · AIcoin");
  expect(titleOf("MAINNET", { page: "model", model: "qwen" }, zh)).toBe("MAINNET · QWEN · AIcoin");
  expect(titleOf(undefined, { page: "live", card: null }, en)).toBe("LIVE · AIcoin");
});

test("no contender or coin is named: the roster has them", () => {
  const text = JSON.stringify([en, zh]).toLowerCase();
  for (const { id } of THREE_AND_SEVEN.contenders) expect(text).not.toContain(id);
});
