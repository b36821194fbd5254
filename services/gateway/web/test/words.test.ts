import { expect, test } from "vitest";

import { fill } from "../src/i18n";
import { titleOf } from "../src/title";
import { en } from "../src/words/en";
import { zh } from "../src/words/zh";

type Tree = { [key: string]: string | Tree };

function gaps(tree: Tree, path = ""): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string"
      ? [`${path}${key} ${(value.match(/\{\w+\}/g) ?? []).sort().join()}`]
      : gaps(value, `${path}${key}.`),
  );
}

test("both languages say the same things with the same gaps", () => {
  expect(gaps(zh as unknown as Tree).sort()).toEqual(gaps(en as unknown as Tree).sort());
});

test("sentences are filled, and a gap without a value stays visible", () => {
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
