/** Feeds the store with the arena as of the moment shown: what pushes do on the live page. Moments are read in windows,
 * ahead of the time that runs; no push is listened to. */

import { batch, signal } from "@preact/signals";

import { get } from "../api/rest";
import type { Responses } from "../api/types.gen";
import { marketSpeed } from "../state/clock";
import { merged } from "../state/lists";
import { shownMoment, showMoment } from "../state/replay";
import {
  accounts,
  advance,
  byModel,
  connections,
  decisions,
  fills,
  hasDecisions,
  positions,
  prices,
  status,
} from "../state/store";

type Moment = Responses["/replay/moments"]["moments"][number];
type Decision = Responses["/decisions"]["decisions"][number];

export const SPEEDS = [1, 10, 60, 300, 1000] as const;

const TICK_MS = 250;
const COUNT = 40;
const AHEAD = 10;
const LEAST_STEP_MS = 5_000;
const ADDRESS_MS = 1_000;
const RETRY_MS = 3_000;
const TIMEOUT_MS = 20_000;

/** The first and last stored moment; null until read. */
export const span = signal<{ first: number; last: number } | null>(null);
/** The moment shown, as a signal. */
export const shown = signal(shownMoment() ?? 0);
export const isPlaying = signal(false);
export const speed = signal<number>(60);
export const hasFailed = signal(false);
export const benchmarks = signal<Moment["benchmarks"]>([]);

let window_: Moment[] = [];
let coming: Decision[] = [];
let drawn: Moment | null = null;
let isReading = false;
let run = 0;
let turn = 0;
let retryAt = 0;
let writtenAt = 0;

/** Shows the moment of the address, and learns what is stored. Called once. */
export async function startReplay(): Promise<void> {
  void seek(shown.value);
  try {
    const { first_ms: first, last_ms: last } = await get("/replay");
    if (first !== null && last !== null) span.value = { first, last };
    if (within(shown.value) !== shown.value) void seek(shown.value);
    const row = await get("/status");
    // What is so now says nothing about then: only what doesn't change is shown.
    status.value = { ...row, has_control: false, halts: [] };
  } catch {
    hasFailed.value = true;
  }
  setInterval(tick, TICK_MS);
}

/** Shows another moment; what was read for the one before is dropped. */
export async function seek(ms: number): Promise<void> {
  const own = (run += 1);
  const to = within(ms);
  move(to);
  window_ = [];
  coming = [];
  try {
    const [{ moments }, page] = await Promise.all([
      get("/replay/moments", { at: String(to), count: "1" }),
      get("/decisions", { limit: "100" }),
    ]);
    if (own !== run || !moments[0]) return;
    hasFailed.value = false;
    draw(moments[0]);
    batch(() => {
      decisions.value = page.decisions;
      hasDecisions.value = true;
      connections.value += 1;
    });
  } catch {
    if (own === run) hasFailed.value = true;
  }
}

export function play(isOn: boolean): void {
  isPlaying.value = isOn;
  marketSpeed.value = isOn ? speed.value : 1;
  if (!isOn) writeAddress();
}

export function setSpeed(next: number): void {
  speed.value = next;
  turn += 1;
  window_ = [];
  play(isPlaying.value);
}

function within(ms: number): number {
  const { first, last } = span.value ?? { first: 0, last: Infinity };
  return Math.min(Math.max(ms, first), last);
}

function move(ms: number): void {
  showMoment(Math.round(ms));
  shown.value = Math.round(ms);
  advance();
  if (performance.now() - writtenAt > ADDRESS_MS) writeAddress();
}

function writeAddress(): void {
  writtenAt = performance.now();
  const next = new URLSearchParams(location.search);
  next.set("at", String(shown.value));
  history.replaceState(null, "", `${location.pathname}?${next.toString()}`);
}

function tick(): void {
  if (!isPlaying.value) return;
  const newest = window_.at(-1)?.time_ms ?? 0;
  const next = within(shown.value + TICK_MS * speed.value);
  const step = Math.max(LEAST_STEP_MS, TICK_MS * speed.value);
  const isShort = newest - next < AHEAD * step && newest < (span.value?.last ?? Infinity);
  if (isShort) void readAhead(Math.max(newest, shown.value), step);
  // What is not read yet is not shown: the time waits for it.
  if (next > newest) return;
  move(next);
  const current = window_.findLast((moment) => moment.time_ms <= next);
  window_ = window_.filter((moment) => moment.time_ms >= (current?.time_ms ?? 0));
  if (current && current !== drawn) draw(current);
  if (next >= (span.value?.last ?? Infinity)) play(false);
}

async function readAhead(from: number, step: number): Promise<void> {
  if (isReading || performance.now() < retryAt) return;
  isReading = true;
  const [own, ownTurn] = [run, turn];
  const until = from + COUNT * step;
  try {
    const parameters = { at: String(from + step), step_ms: String(step), count: String(COUNT) };
    const { moments } = await get("/replay/moments", parameters);
    const page = await readDecisions(from, until);
    if (own === run && ownTurn === turn) {
      window_ = [...window_, ...moments];
      coming = merged(coming, page, Infinity);
      hasFailed.value = false;
    }
  } catch {
    hasFailed.value = true;
    retryAt = performance.now() + RETRY_MS;
  } finally {
    isReading = false;
  }
}

/** The decisions between two moments; those beyond the newest 200 are read by the feed itself. */
async function readDecisions(from: number, until: number): Promise<Decision[]> {
  const url = `/api/v1/decisions?limit=200&until_ms=${until}`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const { decisions: rows } = (await answer.json()) as Responses["/decisions"];
  return rows.filter((row) => row.time_ms > from);
}

function draw(moment: Moment): void {
  const held = JSON.stringify(moment.positions.map((row) => [row.model, row.symbol, row.position_size]));
  const heldBefore = JSON.stringify(drawn?.positions.map((row) => [row.model, row.symbol, row.position_size]));
  drawn = moment;
  batch(() => {
    prices.value = Object.fromEntries(moment.prices.map((row) => [row.symbol, row]));
    accounts.value = Object.fromEntries(moment.accounts.map((row) => [row.model, row]));
    benchmarks.value = moment.benchmarks;
    positions.value = byModel(moment.positions);
    const due = coming.filter((row) => row.time_ms <= shown.value);
    if (due.length) decisions.value = merged(decisions.value, due);
    coming = coming.filter((row) => row.time_ms > shown.value);
    // Charts and lists read the trades again when something was filled.
    if (held !== heldBefore) fills.value = [];
  });
}
