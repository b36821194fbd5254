/** Real URLs: the path is the page, the query holds filters and tabs. */

import { signal } from "@preact/signals";

import { shownMoment } from "../state/replay";

export const path = signal(location.pathname);
export const query = signal(new URLSearchParams(location.search));

function read(): void {
  path.value = location.pathname;
  query.value = new URLSearchParams(location.search);
}

/** In a replay every address keeps the moment. */
function withMoment(url: string): string {
  const at = shownMoment();
  if (at === null || /[?&]at=/.test(url)) return url;
  return `${url}${url.includes("?") ? "&" : "?"}at=${at}`;
}

/** Loads the page at another moment, or live. */
export function goTo(at: number | null): void {
  const next = new URLSearchParams(location.search);
  if (at === null) next.delete("at");
  else next.set("at", String(at));
  const text = next.toString();
  location.assign(location.pathname + (text ? `?${text}` : ""));
}

export function go(to: string): void {
  // The way into a replay loads the page.
  if (shownMoment() === null && /[?&]at=/.test(to)) return location.assign(to);
  const url = withMoment(to);
  if (url === location.pathname + location.search) return;
  const isOtherPage = !url.startsWith(`${location.pathname}?`);
  history.pushState(null, "", url);
  read();
  if (!isOtherPage) return;
  const main = document.querySelector("main");
  main?.scrollTo(0, 0);
  main?.focus({ preventScroll: true });
}

/** Changes one filter. What changes the shown rows gets a history entry, so that "back" undoes it; a chart's view doesn't. */
export function setFilter(name: string, value: string | null, isStep = false): void {
  const next = new URLSearchParams(location.search);
  if (value === null) next.delete(name);
  else next.set(name, value);
  const text = next.toString();
  const url = location.pathname + (text ? `?${text}` : "");
  if (url === location.pathname + location.search) return;
  if (isStep) history.pushState(null, "", url);
  else history.replaceState(null, "", url);
  read();
}

export function listen(): void {
  addEventListener("popstate", read);
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest("a");
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.pathname.startsWith("/api/") || link.hash) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
