import { beforeEach, expect, test } from "vitest";

import { coinInfo, coins, colorSheet, contenderIds, lookOf, roster } from "../../src/state/roster";
import { THREE_AND_SEVEN } from "../rows";

beforeEach(() => {
  roster.value = THREE_AND_SEVEN;
});

test("every contender and coin of the roster is listed, in its order", () => {
  expect(contenderIds()).toEqual(["deepseek", "qwen", "llama"]);
  expect(coins()).toHaveLength(7);
  expect(coinInfo("HYPE")?.size_decimals).toBe(2);
});

test("a contender has its name, mark and color", () => {
  expect(lookOf("llama")).toEqual({
    name: "LLAMA",
    fullName: "Llama",
    mark: "square",
    glyph: "■",
    token: "--contender-llama",
  });
});

test("a contender of an earlier roster is drawn in grey", () => {
  expect(lookOf("gpt")).toMatchObject({ name: "GPT", token: "--muted" });
});

test("the style sheet has a color per contender and theme, and prints the light ones", () => {
  const sheet = colorSheet(THREE_AND_SEVEN);
  expect(sheet).toContain("--contender-llama:#7A3FB0");
  expect(sheet).toContain('[data-theme="dark"]{--contender-deepseek:#2f5bea;');
  expect(sheet).toContain("@media print{[data-theme]{--contender-deepseek:#2F5BEA;");
});
