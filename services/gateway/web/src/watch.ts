/** What is asked for every so often, as nothing pushes it: status, readiness, operations, and prices that stand still. */

import { get } from "./api";
import {
  connection,
  mergePrices,
  now,
  operations,
  operationsFail,
  prices,
  serverTime,
  skewMs,
  status,
  statusFails,
  unmet,
} from "./store";
import type { Operations, Price, Status } from "./types";

const EVERY_MS = 5_000;
const STANDS_STILL_MS = 3_500;
const ASK_AGAIN_MS = 2_500;

let asked = 0;

/** Whatever fails here the page says so, and the next turn tries again. */
async function readStatus(): Promise<void> {
  try {
    status.value = await get<Status>("status");
    skewMs.value = status.value.time_ms - Date.now();
    statusFails.value = false;
  } catch {
    statusFails.value = true;
  }
}

async function readReadiness(): Promise<void> {
  try {
    const response = await fetch("/readyz", { signal: AbortSignal.timeout(EVERY_MS) });
    unmet.value = ((await response.json()) as { reasons?: Record<string, string> }).reasons ?? {};
  } catch {
    unmet.value = {};
  }
}

async function readOperations(): Promise<void> {
  try {
    operations.value = await get<Operations>("operations");
    operationsFail.value = false;
  } catch {
    operationsFail.value = true;
  }
}

async function readPrices(): Promise<void> {
  asked = Date.now();
  try {
    const { prices: fresh } = await get<{ prices: Record<string, Price> }>("prices");
    prices.value = mergePrices(prices.value, fresh);
  } catch {
    // Prices grey out by themselves.
  }
}

function look(): void {
  if (document.hidden) return;
  void readStatus();
  void readReadiness();
  void readOperations();
}

/** A coin that didn't move is asked for before it is called stale: pushes tell only what changed. */
function tick(): void {
  now.value = serverTime();
  const isStill = Object.values(prices.value).some((row) => now.value - row.time_ms > STANDS_STILL_MS);
  if (isStill && connection.value === "connected" && Date.now() - asked > ASK_AGAIN_MS) void readPrices();
}

export function watch(): void {
  look();
  void readPrices();
  setInterval(look, EVERY_MS);
  setInterval(tick, 1_000);
  document.addEventListener("visibilitychange", look);
}
