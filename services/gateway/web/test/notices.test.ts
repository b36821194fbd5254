import { expect, test } from "vitest";

import { type Health, noticesOf } from "../src/notices";
import type { Operations } from "../src/types";
import { en } from "../src/words/en";

const well: Health = { connection: "connected", unmet: {}, statusFails: false, operations: null };
const withServices = (...services: [string, boolean][]): Operations => ({
  services: services.map(([name, ready]) => ({ name, ready, reason: null, started_ms: null, time_ms: null })),
  streams: [],
  latencies: [],
  errors: [],
  alerts: [],
  dead_letters: [],
  time_ms: 0,
});

test("nothing is said while everything works", () => {
  expect(noticesOf({ ...well, operations: withServices(["recorder", true]) }, en)).toEqual([]);
  expect(noticesOf({ ...well, connection: "connecting" }, en)).toEqual([]);
});

test("a lost connection explains the rest", () => {
  const health: Health = { connection: "disconnected", unmet: { pushes: "x" }, statusFails: true, operations: null };
  expect(noticesOf(health, en)).toEqual([en.noticeGateway]);
});

test("each part that fails is named with what follows from it", () => {
  expect(noticesOf({ ...well, unmet: { pushes: "Redis is away" } }, en)).toEqual([en.noticeRedis]);
  expect(noticesOf({ ...well, statusFails: true }, en)).toEqual([en.noticeStores]);
  const operations = withServices(["recorder", false], ["risk", true], ["gateway", false], ["other", false]);
  expect(noticesOf({ ...well, operations }, en)).toEqual([en.noticeServices.recorder, "other: does not run."]);
});
