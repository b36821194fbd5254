import { describe, expect, it } from "vitest";

import { Feed } from "../src/feed";

const push = (channel: string, seq: number, data: object = {}): string =>
  JSON.stringify({ channel, seq, time_ms: 1, data });
const hello = (epoch: number): string => JSON.stringify({ channel: "hello", epoch });

describe("Feed", () => {
  it("subscribes to everything, with nothing to catch up on at first", () => {
    const feed = new Feed();
    feed.take(hello(7));
    const sent = JSON.parse(feed.subscription()) as { channels: string[]; since: object; epoch: number };
    expect(sent.channels).toHaveLength(5);
    expect(sent.since).toEqual({});
    expect(sent.epoch).toBe(7);
  });

  it("asks after a reconnection for what it has not seen, but never for prices", () => {
    const feed = new Feed();
    feed.take(hello(7));
    feed.take(push("ai_decision", 3));
    feed.take(push("price_update", 9, { prices: {} }));
    feed.take(hello(7));
    expect(JSON.parse(feed.subscription())).toMatchObject({ since: { ai_decision: 3 }, epoch: 7 });
    expect(feed.subscription()).not.toContain('"price_update":9');
  });

  it("forgets what it saw when the counters were born anew", () => {
    const feed = new Feed();
    feed.take(hello(7));
    feed.take(push("ai_decision", 3));
    feed.take(hello(8));
    expect(JSON.parse(feed.subscription())).toMatchObject({ since: {}, epoch: 8 });
    expect(feed.take(push("ai_decision", 1))).toMatchObject([{ kind: "push", isNew: true }]);
  });

  it("drops a push that it has seen, takes a snapshot always", () => {
    const feed = new Feed();
    feed.take(hello(7));
    expect(feed.take(push("ai_decision", 3))).toMatchObject([{ isNew: true }]);
    expect(feed.take(push("ai_decision", 3))).toMatchObject([{ isNew: false }]);
    expect(feed.take(push("ai_decision", 2, { snapshot: true }))).toMatchObject([{ isNew: true }]);
  });

  it("reads arrays, a reset, and survives nonsense", () => {
    const feed = new Feed();
    feed.take(hello(7));
    expect(feed.take(`[${push("ai_decision", 1)},${push("ai_decision", 2)}]`)).toHaveLength(2);
    feed.take(JSON.stringify({ channel: "ai_decision", reset: true }));
    expect(feed.take(push("ai_decision", 1))).toMatchObject([{ isNew: true }]);
    expect(feed.take("{")).toEqual([]);
    expect(feed.take('{"channel":"pong"}')).toEqual([{ kind: "pong" }]);
  });

  it("waits longer after each failure, up to a cap, and starts again after a success", () => {
    const feed = new Feed();
    const pauses = Array.from({ length: 8 }, () => feed.pause(1));
    expect(pauses.slice(0, 3)).toEqual([500, 1000, 2000]);
    expect(Math.max(...pauses)).toBe(15_000);
    feed.take(hello(1));
    expect(feed.pause(0)).toBe(250);
  });
});
