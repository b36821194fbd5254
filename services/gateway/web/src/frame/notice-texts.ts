/** The notices over the status bar: which part fails, what keeps working, what happens next. */

import type { Operations } from "../api/types.gen";
import { lookOf } from "../state/roster";
import type { Connection } from "../state/store";
import { fill, type Words } from "../words/words";

export interface Health {
  connection: Connection;
  /** Why the gateway is not ready, by condition. */
  unmet: Record<string, string>;
  statusFails: boolean;
  operations: Operations | null;
}

const AGENT = "agent-";

/** One sentence per failing part, the most severe first. A lost connection explains all others. */
export function noticesOf(health: Health, words: Words): string[] {
  if (health.connection === "disconnected" || health.connection === "error") return [words.noticeGateway];
  if ("pushes" in health.unmet) return [words.noticeRedis];
  const found: string[] = [];
  if (health.statusFails) found.push(words.noticeStores);
  for (const service of health.operations?.services ?? []) {
    if (!service.ready && service.name !== "gateway") found.push(serviceNotice(service.name, words));
  }
  return found;
}

function serviceNotice(name: string, words: Words): string {
  if (name.startsWith(AGENT)) return fill(words.noticeAgent, { name: lookOf(name.slice(AGENT.length)).fullName });
  const known: Record<string, string> = words.noticeServices;
  return known[name] ?? fill(words.noticeOther, { service: name });
}
