/** The WebSocket's protocol without I/O: what to send, what a frame means, when to reconnect.
 *
 * `hello` announces the epoch of the server's counters; another epoch than before means that no sequence seen so far
 * counts. Each push carries its channel's sequence: one that was seen already is not new. After a reconnection the
 * subscription names the last sequence of each channel, so that the server replays what was missed, or sends a reset
 * and a snapshot. Prices are conflated and never replayed. The clock, once a second, has no sequence. */

import type { Channel, ClockReading, Push } from "../api/types.gen";

export const CHANNELS: readonly Channel[] = [
  "price_update",
  "trade_executed",
  "position_update",
  "ai_decision",
  "account_update",
];

export type Received =
  | { kind: "hello"; clock: ClockReading }
  | { kind: "clock"; clock: ClockReading }
  | { kind: "push"; push: Push; isNew: boolean }
  | { kind: "pong" }
  | { kind: "other" };

const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 15_000;

export class Feed {
  private epoch: number | null = null;
  private readonly seen = new Map<Channel, number>();
  private attempts = 0;

  /** What one frame holds: a message, or an array of several. Unreadable ones are ignored. */
  receive(text: string): Received[] {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return [];
    }
    return (Array.isArray(body) ? body : [body]).map((message) => this.receiveOne(message as Record<string, unknown>));
  }

  private receiveOne(message: Record<string, unknown>): Received {
    if (message["channel"] === "hello") {
      const epoch = Number(message["epoch"]);
      if (epoch !== this.epoch) this.seen.clear();
      this.epoch = epoch;
      this.attempts = 0;
      return { kind: "hello", clock: message as unknown as ClockReading };
    }
    if (message["channel"] === "clock") return { kind: "clock", clock: message as unknown as ClockReading };
    if (message["channel"] === "pong") return { kind: "pong" };
    const channel = message["channel"] as Channel;
    if (!CHANNELS.includes(channel)) return { kind: "other" };
    if (message["reset"] === true) {
      this.seen.delete(channel);
      return { kind: "other" };
    }
    const push = message as unknown as Push;
    const last = this.seen.get(channel);
    const isNew = "snapshot" in push.data || last === undefined || push.seq > last;
    if (isNew) this.seen.set(channel, push.seq);
    return { kind: "push", push, isNew };
  }

  /** The subscription, with the last sequence seen of each channel. */
  subscription(): string {
    const since = Object.fromEntries([...this.seen].filter(([channel]) => channel !== "price_update"));
    return JSON.stringify({ op: "subscribe", channels: [...CHANNELS, "clock"], since, epoch: this.epoch });
  }

  /** The pause before the next attempt, in ms: doubling, capped, with jitter. */
  pause(random: number): number {
    const bound = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.attempts, 10));
    this.attempts += 1;
    return Math.round(bound * (0.5 + random / 2));
  }
}
