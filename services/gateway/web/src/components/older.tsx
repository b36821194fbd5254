import { useState } from "preact/hooks";

import { get } from "../api";
import { t } from "../i18n";

interface Page<T> {
  rows: T[];
  next: string | null;
}

interface Older<T> {
  rows: T[];
  button: preact.JSX.Element | null;
}

/** Older pages of a list, one more for each press of a button; `first` is the cursor after the newest page. */
export function useOlder<T>(
  key: string,
  path: string,
  name: string,
  parameters: Record<string, string | null>,
  first: string | null,
): Older<T> {
  const words = t();
  const [kept, setKept] = useState<Page<T> & { key: string; isLoading: boolean; failed: boolean }>(empty<T>(key));
  const page = kept.key === key ? kept : empty<T>(key);
  const cursor = page.rows.length ? page.next : first;
  const load = (): void => {
    if (cursor === null) return;
    setKept({ ...page, isLoading: true, failed: false });
    get<Record<string, unknown>>(path, { ...parameters, before: cursor }).then(
      (answer) =>
        setKept({
          key,
          rows: [...page.rows, ...((answer[name] as T[] | undefined) ?? [])],
          next: (answer["next_before"] as string | null) ?? null,
          isLoading: false,
          failed: false,
        }),
      () => setKept({ ...page, isLoading: false, failed: true }),
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
