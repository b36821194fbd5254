/** What no push carries is polled: status, readiness, operations, and prices that do not move. */

import { waitedSince } from "../state/clock";
import {
  advance,
  connection,
  mergePrices,
  now,
  operations,
  operationsFail,
  prices,
  status,
  statusFails,
  unmet,
} from "../state/store";
import { get } from "./rest";

const POLL_MS = 5_000;
const PRICE_AGE_MS = 3_500;
const PRICE_POLL_MS = 2_500;

let pricesReadAt = 0;

/** A failure shows as a notice, and the next poll tries again. */
async function readStatus(): Promise<void> {
  try {
    status.value = await get("/status");
    statusFails.value = false;
  } catch {
    statusFails.value = true;
  }
}

async function readReadiness(): Promise<void> {
  try {
    const response = await fetch("/readyz", { signal: AbortSignal.timeout(POLL_MS) });
    unmet.value = ((await response.json()) as { reasons?: Record<string, string> }).reasons ?? {};
  } catch {
    unmet.value = {};
  }
}

async function readOperations(): Promise<void> {
  try {
    operations.value = await get("/operations");
    operationsFail.value = false;
  } catch {
    operationsFail.value = true;
  }
}

async function readPrices(): Promise<void> {
  pricesReadAt = Date.now();
  try {
    prices.value = mergePrices(prices.value, (await get("/prices")).prices);
  } catch {
    // Prices turn grey as they age.
  }
}

function poll(): void {
  if (document.hidden) return;
  void readStatus();
  void readReadiness();
  void readOperations();
}

/** Pushes carry only prices that changed: one that did not is read before it counts as stale. */
function tick(): void {
  advance();
  const isAging = Object.values(prices.value).some((row) => waitedSince(row.time_ms, now.value) > PRICE_AGE_MS);
  if (isAging && connection.value === "connected" && Date.now() - pricesReadAt > PRICE_POLL_MS) void readPrices();
}

export function startPolling(): void {
  poll();
  void readPrices();
  setInterval(poll, POLL_MS);
  setInterval(tick, 1_000);
  document.addEventListener("visibilitychange", poll);
}
