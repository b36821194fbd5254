import { expect, test } from "vitest";

import { urlOf } from "../../src/api/rest";

test("parameters fill the path first, then the query; null is left out", () => {
  expect(urlOf("/decisions/{cycle_id}/{model}", { cycle_id: "run/7:1", model: "qwen" })).toBe(
    "/api/v1/decisions/run%2F7%3A1/qwen",
  );
  expect(urlOf("/trades", { model: null, limit: "50" })).toBe("/api/v1/trades?limit=50");
});
