/** Real URLs: the path is the page, the query holds the filters. */

import { signal } from "@preact/signals";

export const path = signal(location.pathname);
export const query = signal(new URLSearchParams(location.search));

function read(): void {
  path.value = location.pathname;
  query.value = new URLSearchParams(location.search);
}

export function go(url: string): void {
  if (url === location.pathname + location.search) return;
  history.pushState(null, "", url);
  read();
  scrollTo(0, 0);
}

/** Changes one filter in place, without a new history entry. */
export function setFilter(name: string, value: string | null): void {
  const next = new URLSearchParams(location.search);
  if (value === null) next.delete(name);
  else next.set(name, value);
  const text = next.toString();
  history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
  read();
}

export function listen(): void {
  addEventListener("popstate", read);
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest("a");
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!link || !isPlain || link.target || link.origin !== location.origin) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
