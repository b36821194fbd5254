import { describe, expect, it } from "vitest";

import { CHANNELS, Feed } from "../../src/push/feed";

const push = (channel: string, seq: number, data: object = {}): string =>
  JSON.stringify({ channel, seq, time_ms: 1, data });
const hello = (epoch: number): string => JSON.stringify({ channel: "hello", epoch });

describe("Feed", () => {
  it("subscribes to every channel, with no since at first", () => {
    const feed = new Feed();
    feed.receive(hello(7));
    const sent = JSON.parse(feed.subscription()) as { channels: string[]; since: object; epoch: number };
    expect(sent.channels).toEqual([...CHANNELS, "clock"]);
    expect(sent.since).toEqual({});
    expect(sent.epoch).toBe(7);
  });

  it("names the last sequence seen after a reconnection, but not of prices", () => {
    const feed = new Feed();
    feed.receive(hello(7));
    feed.receive(push("ai_decision", 3));
    feed.receive(push("price_update", 9, { prices: {} }));
    feed.receive(hello(7));
    expect(JSON.parse(feed.subscription())).toMatchObject({ since: { ai_decision: 3 }, epoch: 7 });
    expect(feed.subscription()).not.toContain('"price_update":9');
  });

  it("forgets what it saw when the epoch changes", () => {
    const feed = new Feed();
    feed.receive(hello(7));
    feed.receive(push("ai_decision", 3));
    feed.receive(hello(8));
    expect(JSON.parse(feed.subscription())).toMatchObject({ since: {}, epoch: 8 });
    expect(feed.receive(push("ai_decision", 1))).toMatchObject([{ kind: "push", isNew: true }]);
  });

  it("drops a push that it has seen, accepts a snapshot always", () => {
    const feed = new Feed();
    feed.receive(hello(7));
    expect(feed.receive(push("ai_decision", 3))).toMatchObject([{ isNew: true }]);
    expect(feed.receive(push("ai_decision", 3))).toMatchObject([{ isNew: false }]);
    expect(feed.receive(push("ai_decision", 2, { snapshot: true }))).toMatchObject([{ isNew: true }]);
  });

  it("reads arrays and a reset, and ignores an unreadable frame", () => {
    const feed = new Feed();
    feed.receive(hello(7));
    expect(feed.receive(`[${push("ai_decision", 1)},${push("ai_decision", 2)}]`)).toHaveLength(2);
    feed.receive(JSON.stringify({ channel: "ai_decision", reset: true }));
    expect(feed.receive(push("ai_decision", 1))).toMatchObject([{ isNew: true }]);
    expect(feed.receive("{")).toEqual([]);
    expect(feed.receive('{"channel":"pong"}')).toEqual([{ kind: "pong" }]);
  });

  it("waits longer after each failure, up to a cap, and starts again after a success", () => {
    const feed = new Feed();
    const pauses = Array.from({ length: 8 }, () => feed.pause(1));
    expect(pauses.slice(0, 3)).toEqual([500, 1000, 2000]);
    expect(Math.max(...pauses)).toBe(15_000);
    feed.receive(hello(1));
    expect(feed.pause(0)).toBe(250);
  });
});
