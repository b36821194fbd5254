import { useEffect, useState } from "preact/hooks";

import { get } from "../api";
import { t } from "../i18n";
import { joined } from "../lists";

interface Page<T> {
  rows: T[];
  next: string | null;
}

interface Older<T> {
  rows: T[];
  button: preact.JSX.Element | null;
}

/** Older pages of a list, one more for each press of a button; `first` is the cursor after `newest`, the first page. What
 * falls off that page later on stays with them; a first page that doesn't meet them any more begins the list anew. */
export function useOlder<T extends { id: string }>(
  key: string,
  path: string,
  name: string,
  parameters: Record<string, string | null>,
  newest: T[] | undefined,
  first: string | null,
): Older<T> {
  const words = t();
  const [kept, setKept] = useState<Page<T> & { key: string; isLoading: boolean; failed: boolean }>(empty<T>(key));
  const page = kept.key === key ? kept : empty<T>(key);
  const cursor = page.rows.length ? page.next : first;
  useEffect(() => {
    if (!newest || page.rows.length === 0) return;
    const rows = joined(page.rows, newest);
    setKept(rows ? { ...page, rows } : empty<T>(key));
  }, [newest]);
  const load = (): void => {
    if (cursor === null) return;
    setKept({ ...page, isLoading: true, failed: false });
    get<Record<string, unknown>>(path, { ...parameters, before: cursor }).then(
      (answer) =>
        setKept((last) => {
          if (last.key !== key) return last;
          const rows = last.rows.length ? last.rows : (newest ?? []);
          return {
            key,
            rows: [...rows, ...((answer[name] as T[] | undefined) ?? [])],
            next: (answer["next_before"] as string | null) ?? null,
            isLoading: false,
            failed: false,
          };
        }),
      () => setKept((last) => (last.key === key ? { ...last, isLoading: false, failed: true } : last)),
    );
  };
  const text = page.failed ? words.olderFailed : page.isLoading ? words.loading : words.older;
  const button = cursor && (
    <button type="button" class="older" onClick={load} disabled={page.isLoading}>
      {text}
    </button>
  );
  return { rows: page.rows, button: button || null };
}

function empty<T>(key: string): Page<T> & { key: string; isLoading: boolean; failed: boolean } {
  return { key, rows: [], next: null, isLoading: false, failed: false };
}
