/** The notices over the status bar: what is known to fail, and what that may mean. Nothing that isn't known. */

import type { Operations } from "../api/types.gen";
import { lookOf } from "../state/roster";
import type { Connection } from "../state/store";
import { clock } from "../words/format";
import { fill, type Words } from "../words/words";

export interface Health {
  connection: Connection;
  /** Why the gateway is not ready, by condition. */
  unmet: Record<string, string>;
  statusFails: boolean;
  operationsFail: boolean;
  operations: Operations | null;
}

export interface Notice {
  text: string;
  /** Nothing has failed: something is only not there yet. */
  isCalm: boolean;
}

type Service = Operations["services"][number];

const AGENT = "agent-";
/** More would hide the page. */
const MOST_NAMED = 3;

/** One sentence per failing part, the most severe first. A lost connection explains all others. */
export function noticesOf(health: Health, words: Words): Notice[] {
  if (health.connection === "disconnected" || health.connection === "error") return [failure(words.noticeGateway)];
  if ("pushes" in health.unmet) return [failure(words.noticeRedis)];
  const unread = health.statusFails ? [words.noticeStores] : health.operationsFail ? [words.noticeOperations] : [];
  const services = (health.operations?.services ?? []).filter(({ name }) => name !== "gateway");
  const failing = services.filter(({ state }) => state === "NOT_READY" || state === "SILENT");
  const starting = services.filter(({ state }) => state === "STARTING").map(({ name }) => nameOf(name, words));
  const named = failing.length > MOST_NAMED + 1 ? failing.slice(0, MOST_NAMED) : failing;
  const notices = [...unread, ...named.map((service) => serviceNotice(service, words))].map(failure);
  if (named.length < failing.length)
    notices.push(failure(fill(words.noticeMore, { n: failing.length - named.length, page: words.operations })));
  if (starting.length) notices.push({ text: fill(words.noticeStarting, { services: starting.join(", ") }), isCalm: true });
  return notices;
}

function failure(text: string): Notice {
  return { text, isCalm: false };
}

function serviceNotice({ name, state, reason, time_ms }: Service, words: Words): string {
  const service = nameOf(name, words);
  let known = fill(words.noticeNotReady, { service, reason: reason ?? "" });
  if (state === "SILENT")
    known = time_ms === null ? fill(words.noticeUnheard, { service }) : fill(words.noticeSilent, { service, time: clock(time_ms) });
  const effects: Record<string, string> = words.noticeEffects;
  const effect = name.startsWith(AGENT) ? words.noticeEffects.agent : effects[name];
  return effect ? fill(words.noticeWithEffect, { known, effect }) : known;
}

function nameOf(name: string, words: Words): string {
  if (name.startsWith(AGENT)) return fill(words.agentOf, { name: lookOf(name.slice(AGENT.length)).fullName });
  const names: Record<string, string> = words.serviceNames;
  return names[name] ?? name;
}
