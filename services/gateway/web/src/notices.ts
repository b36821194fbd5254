/** What the page must say about parts that don't work: what fails, what goes on, what happens next. */

import type { Words } from "./i18n";
import type { Connection } from "./store";
import type { Operations } from "./types";

export interface Health {
  connection: Connection;
  /** Why the gateway isn't ready, by part. */
  unmet: Record<string, string>;
  statusFails: boolean;
  operations: Operations | null;
}

/** One sentence for each thing that fails, the gravest first. A lost connection explains the rest. */
export function noticesOf(health: Health, words: Words): string[] {
  if (health.connection === "disconnected" || health.connection === "error") return [words.noticeGateway];
  if ("pushes" in health.unmet) return [words.noticeRedis];
  const found: string[] = [];
  if (health.statusFails) found.push(words.noticeStores);
  for (const service of health.operations?.services ?? []) {
    if (service.ready || service.name === "gateway") continue;
    const known = words.noticeServices as Record<string, string | undefined>;
    found.push(known[service.name] ?? `${service.name}: ${words.noticeOther}`);
  }
  return found;
}
