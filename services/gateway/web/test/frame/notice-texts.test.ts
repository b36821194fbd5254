import { expect, test } from "vitest";

import type { Operations } from "../../src/api/types.gen";
import { type Health, noticesOf } from "../../src/frame/notice-texts";
import { roster } from "../../src/state/roster";
import { clock } from "../../src/words/format";
import { en } from "../../src/words/en";
import { T0, THREE_AND_SEVEN } from "../rows";

type Service = Operations["services"][number];

const well: Health = { connection: "connected", unmet: {}, statusFails: false, operationsFail: false, operations: null };
const service = (name: string, state: Service["state"], over: Partial<Service> = {}): Service => ({
  ...{ name, state, ready: state === "READY", reason: null, started_ms: null, time_ms: null },
  ...over,
});
const withServices = (...services: Service[]): Health => ({
  ...well,
  operations: { services, streams: [], latencies: [], errors: [], alerts: [], dead_letters: [], time_ms: 0 },
});
const textsOf = (health: Health): string[] => noticesOf(health, en).map(({ text }) => text);

test("no notice while everything works", () => {
  expect(noticesOf(withServices(service("recorder", "READY")), en)).toEqual([]);
  expect(noticesOf({ ...well, connection: "connecting" }, en)).toEqual([]);
});

test("a lost connection explains the rest, and nothing is claimed about trading", () => {
  expect(textsOf({ ...well, connection: "disconnected", unmet: { pushes: "x" }, statusFails: true })).toEqual([
    en.noticeGateway,
  ]);
  expect(en.noticeGateway).not.toMatch(/trad/);
});

test("each failing part is named with what is known of it", () => {
  expect(textsOf({ ...well, unmet: { pushes: "Redis is away" } })).toEqual([en.noticeRedis]);
  expect(textsOf({ ...well, statusFails: true, operationsFail: true })).toEqual([en.noticeStores]);
  expect(textsOf({ ...well, operationsFail: true })).toEqual([en.noticeOperations]);
  roster.value = THREE_AND_SEVEN;
  const health = withServices(
    service("recorder", "SILENT", { time_ms: T0 }),
    service("risk", "READY"),
    service("gateway", "NOT_READY"),
    service("agent-llama", "SILENT"),
    service("other", "NOT_READY", { reason: "start: no key" }),
  );
  expect(textsOf(health)).toEqual([
    `Recorder: no report since ${clock(T0)}. Decisions, trades and accounts may be out of date.`,
    "Llama's agent: no report since the server's start. Its decisions may be missing.",
    "other: not ready, as it reports (start: no key).",
  ]);
});

test("when many parts fail three are named", () => {
  const names = ["ingester", "risk", "executor", "recorder", "notifier"];
  const texts = textsOf(withServices(...names.map((name) => service(name, "SILENT"))));
  expect(texts).toHaveLength(4);
  expect(texts[3]).toBe("2 more parts have failed: see OPERATIONS.");
});

test("what is starting is no failure", () => {
  expect(noticesOf(withServices(service("recorder", "STARTING"), service("risk", "STARTING")), en)).toEqual([
    { text: "Starting: Recorder, Risk.", isCalm: true },
  ]);
});
