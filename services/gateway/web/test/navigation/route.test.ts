import { expect, test } from "vitest";

import { cardPath, cyclePath, routeOf as routeAmong } from "../../src/navigation/route";

const MODELS = ["deepseek", "qwen", "llama"];
const routeOf = (path: string) => routeAmong(path, MODELS);

test("every page has its path", () => {
  expect(routeOf("/")).toEqual({ page: "live", card: null });
  expect(routeOf("/leaderboard")).toEqual({ page: "leaderboard" });
  expect(routeOf("/trades")).toEqual({ page: "trades" });
  expect(routeOf("/models")).toEqual({ page: "model", model: "deepseek" });
  expect(routeOf("/models/qwen")).toEqual({ page: "model", model: "qwen" });
  expect(routeOf("/models/llama")).toEqual({ page: "model", model: "llama" });
  expect(routeOf("/operations/")).toEqual({ page: "operations" });
  expect(routeOf("/readme")).toEqual({ page: "readme" });
});

test("a card's path leads back to its decision, whatever its id holds", () => {
  const path = cardPath("run/7:1 é", "qwen", "risk");
  const [pathname, search] = path.split("?");
  expect(routeOf(pathname ?? "")).toEqual({ page: "live", card: { cycle: "run/7:1 é", model: "qwen" } });
  expect(search).toBe("part=risk");
});

test("a cycle has its duel", () => {
  expect(routeOf("/embed/duel")).toEqual({ page: "embed", part: "duel" });
  expect(routeOf(cyclePath("run/7:1 é"))).toEqual({ page: "duel", cycle: "run/7:1 é" });
});

test("an unknown path is the missing page", () => {
  for (const path of ["/models/gpt", "/models/qwen/x", "/embed", "/embed/x", "/cycles", "/cycles/1/qwen", "/decisions/1", "/decisions/1/gpt", "/x", "/readme/x", "/%zz"]) {
    expect(routeOf(path)).toEqual({ page: "missing" });
  }
});
