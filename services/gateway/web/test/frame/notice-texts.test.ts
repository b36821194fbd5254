import { expect, test } from "vitest";

import type { Operations } from "../../src/api/types.gen";
import { type Health, noticesOf } from "../../src/frame/notice-texts";
import { roster } from "../../src/state/roster";
import { en } from "../../src/words/en";
import { THREE_AND_SEVEN } from "../rows";

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

test("no notice while everything works", () => {
  expect(noticesOf({ ...well, operations: withServices(["recorder", true]) }, en)).toEqual([]);
  expect(noticesOf({ ...well, connection: "connecting" }, en)).toEqual([]);
});

test("a lost connection explains the rest", () => {
  const health: Health = { connection: "disconnected", unmet: { pushes: "x" }, statusFails: true, operations: null };
  expect(noticesOf(health, en)).toEqual([en.noticeGateway]);
});

test("each failing part is named with its consequence", () => {
  expect(noticesOf({ ...well, unmet: { pushes: "Redis is away" } }, en)).toEqual([en.noticeRedis]);
  expect(noticesOf({ ...well, statusFails: true }, en)).toEqual([en.noticeStores]);
  roster.value = THREE_AND_SEVEN;
  const operations = withServices(["recorder", false], ["risk", true], ["gateway", false], ["agent-llama", false], ["other", false]);
  expect(noticesOf({ ...well, operations }, en)).toEqual([
    en.noticeServices.recorder,
    "Llama's agent is not running: it makes no decisions. Its stops rest on the exchange.",
    "other is not running.",
  ]);
});
