/** Notifies the reader: a notification of the browser where it was chosen, and a count in the title while the page is
 * hidden. */

import { effect, signal } from "@preact/signals";

import { choice, store } from "../state/choices";
import { lookOf } from "../state/roster";
import { accounts, fills, hasDecisions, status } from "../state/store";
import { price, size } from "../words/format";
import { describeHalt } from "../words/halts";
import { fill as filled, t } from "../words/words";
import { type Kind, KINDS, type News, Watch } from "./watch";

const CHOSEN = "notify";

/** How much has happened while the page was hidden. */
export const unseen = signal(0);

export const chosen = signal<Kind[]>(KINDS.filter((kind) => (choice(CHOSEN) ?? "").split(",").includes(kind)));

/** Whether the browser lets the page notify: "default" until the reader was asked. */
export const permission = signal<NotificationPermission | "unsupported">(
  typeof Notification === "undefined" ? "unsupported" : Notification.permission,
);

/** Chooses a kind, or no longer; the first one asks the browser. */
export async function choose(kind: Kind, isWanted: boolean): Promise<void> {
  const next = KINDS.filter((each) => (each === kind ? isWanted : chosen.value.includes(each)));
  chosen.value = next;
  store(CHOSEN, next.join(","));
  if (isWanted && permission.value === "default") permission.value = await Notification.requestPermission();
}

function textOf(news: News): string {
  const words = t();
  switch (news.kind) {
    case "lead":
      return filled(words.news.lead, { name: lookOf(news.model).name });
    case "halt":
      return filled(words.news.halt, { name: news.halt.model ? lookOf(news.halt.model).name : words.allModels, halt: describeHalt(news.halt) });
    default: {
      const { model, symbol, side } = news.fill;
      const values = { name: lookOf(model).name, symbol, side: side === "BUY" ? words.bought : words.sold };
      return filled(words.news[news.kind], { ...values, size: size(news.fill.size), price: price(news.fill.price) });
    }
  }
}

function show(news: News): void {
  if (permission.value !== "granted" || !chosen.value.includes(news.kind)) return;
  try {
    new Notification(`${status.value?.mode ?? ""} AIcoin`.trim(), { body: textOf(news), tag: news.key });
  } catch {
    permission.value = "unsupported"; // Phones want a service worker for this; there the notifier does it.
  }
}

/** Watches what is pushed from now on. */
export function startNews(): void {
  const watch = new Watch();
  effect(() => {
    // The snapshots come in one go; before them nothing is known.
    if (!hasDecisions.value || !status.value) return;
    const present = { fills: fills.value, accounts: Object.values(accounts.value), halts: status.value.halts };
    const news = watch.note(present);
    for (const each of news) show(each);
    if (document.hidden && news.length) unseen.value = unseen.peek() + news.length;
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) unseen.value = 0;
  });
}
