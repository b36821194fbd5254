/** j and k move the focus through the feed's rows, as long as nothing else on the page has it. */

import { useEffect } from "preact/hooks";

const ROWS = "[data-feed-row]";

export function useRowKeys(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const step = { j: 1, k: -1 }[event.key];
      if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      const focused = document.activeElement;
      const isFree = !focused || focused === document.body || focused.matches("main, [role=tabpanel]");
      const row = focused?.closest(ROWS) ?? null;
      if (!isFree && (!row || focused?.matches("input, select, textarea"))) return;
      const rows = [...document.querySelectorAll<HTMLElement>(ROWS)];
      const next = rows[row ? rows.indexOf(row as HTMLElement) + step : step > 0 ? 0 : rows.length - 1];
      if (!next) return;
      event.preventDefault();
      next.focus();
      next.scrollIntoView({ block: "nearest" });
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}
