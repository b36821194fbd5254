/** The page's clock: the market's time and the server's, learned from pushes and never from a cached answer.
 *
 * A reading arrives late by more or less, so the one that lies furthest ahead is nearest to the truth: a later one
 * never sets the clock back, and silence doesn't stop it, so that what stands still grows old. Only when every reading
 * of PATIENCE_MS lies behind, as after a restart with another market, the clock is set to the foremost of them. */

import { signal } from "@preact/signals";

import type { ClockReading } from "../api/types.gen";
import { shownMoment } from "./replay";

const PATIENCE_MS = 3_000;
const FASTEST_POLL_MS = 2_000;

/** A time that runs `speed` times as fast as the browser's monotonic clock; both in ms. */
export class RunningTime {
  private base: number | null = null;
  private at = 0;
  private speed = 1;
  private behindSince: number | null = null;
  private leastLag = 0;

  /** The time at a monotonic time; null before the first reading. */
  read(monotonic: number): number | null {
    return this.base === null ? null : this.base + (monotonic - this.at) * this.speed;
  }

  get isKnown(): boolean {
    return this.base !== null;
  }

  /** Takes a reading that arrived at a monotonic time. */
  observe(reading: number, speed: number, monotonic: number): void {
    const shown = this.read(monotonic);
    if (speed !== this.speed) {
      this.speed = speed;
      if (shown !== null) this.set(shown, monotonic);
    }
    if (shown === null || reading >= shown) {
      this.set(reading, monotonic);
      return;
    }
    const lag = shown - reading;
    this.leastLag = this.behindSince === null ? lag : Math.min(this.leastLag, lag);
    this.behindSince ??= monotonic;
    if (monotonic - this.behindSince >= PATIENCE_MS) this.set(shown - this.leastLag, monotonic);
  }

  private set(time: number, monotonic: number): void {
    this.base = time;
    this.at = monotonic;
    this.behindSince = null;
  }
}

const market = new RunningTime();
const server = new RunningTime();

/** How many times as fast as the wall clock the market runs. */
export const marketSpeed = signal(1);

/** Takes what a push says about the time. */
export function observe(reading: ClockReading): void {
  const monotonic = performance.now();
  marketSpeed.value = reading.market_speed;
  server.observe(reading.time_ms, 1, monotonic);
  if (reading.market_ms !== null) market.observe(reading.market_ms, reading.market_speed, monotonic);
}

/** The server's wall time; the browser's own before the first push. */
export function serverTime(): number {
  return server.read(performance.now()) ?? Date.now();
}

/** The market's time; the server's while no market time is known; in a replay the moment shown. */
export function marketTime(): number {
  return shownMoment() ?? market.read(performance.now()) ?? serverTime();
}

/** How often to ask again, in ms, for what changes with the market's time: at a faster speed more often, within reason. */
export function marketPoll(ms: number): number {
  return Math.max(Math.min(ms, FASTEST_POLL_MS), ms / marketSpeed.value);
}

/** How old what the market showed at `ms` is for who waits, in ms of real time: at 300 times the speed of real time
 * five minutes of the market pass in a second. 0 while no market time is known. */
export function waitedSince(ms: number, now: number): number {
  return market.isKnown ? (now - ms) / marketSpeed.value : 0;
}
