import { expect, test } from "vitest";

import { cardPath, routeOf } from "../src/route";

test("every page has its path", () => {
  expect(routeOf("/")).toEqual({ page: "live", card: null });
  expect(routeOf("/leaderboard")).toEqual({ page: "leaderboard" });
  expect(routeOf("/models")).toEqual({ page: "model", model: "deepseek" });
  expect(routeOf("/models/qwen")).toEqual({ page: "model", model: "qwen" });
  expect(routeOf("/operations/")).toEqual({ page: "operations" });
  expect(routeOf("/readme")).toEqual({ page: "readme" });
});

test("a card's path leads back to its decision, whatever its id holds", () => {
  const path = cardPath("run/7:1 é", "qwen", "risk");
  const [pathname, search] = path.split("?");
  expect(routeOf(pathname ?? "")).toEqual({ page: "live", card: { cycle: "run/7:1 é", model: "qwen" } });
  expect(search).toBe("part=risk");
});

test("what isn't there is missing, never another page", () => {
  for (const path of ["/models/gpt", "/models/qwen/x", "/decisions/1", "/decisions/1/gpt", "/x", "/readme/x", "/%zz"]) {
    expect(routeOf(path)).toEqual({ page: "missing" });
  }
});
