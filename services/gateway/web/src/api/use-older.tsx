import { useEffect, useState } from "preact/hooks";

import { joined } from "../state/lists";
import { t } from "../words/words";

interface Page<T> {
  rows: T[];
  next: string | null;
}

interface State<T> extends Page<T> {
  key: string;
  isLoading: boolean;
  failed: boolean;
}

/** Older pages of a list, one more for each press of the button. `newest` is the first page, `first` the cursor after
 * it; `read` loads the page after a cursor. Rows that fall off the first page later stay with the older ones; a first
 * page that does not overlap them any more starts the list again. */
export function useOlder<T extends { id: string }>(props: {
  key: string;
  read: (before: string) => Promise<Page<T>>;
  newest: T[] | undefined;
  first: string | null;
}): { rows: T[]; button: preact.JSX.Element | null } {
  const { key, read, newest, first } = props;
  const words = t();
  const [state, setState] = useState<State<T>>(empty<T>(key));
  const current = state.key === key ? state : empty<T>(key);
  const cursor = current.rows.length ? current.next : first;
  useEffect(() => {
    if (!newest || current.rows.length === 0) return;
    const rows = joined(current.rows, newest);
    setState(rows ? { ...current, rows } : empty<T>(key));
  }, [newest]);
  const load = (): void => {
    if (cursor === null) return;
    setState({ ...current, isLoading: true, failed: false });
    read(cursor).then(
      (page) =>
        setState((last) => {
          if (last.key !== key) return last;
          const rows = last.rows.length ? last.rows : (newest ?? []);
          return { key, rows: [...rows, ...page.rows], next: page.next, isLoading: false, failed: false };
        }),
      () => setState((last) => (last.key === key ? { ...last, isLoading: false, failed: true } : last)),
    );
  };
  const text = current.failed ? words.olderFailed : current.isLoading ? words.loading : words.older;
  const button = cursor && (
    <button type="button" class="older" onClick={load} disabled={current.isLoading}>
      {text}
    </button>
  );
  return { rows: current.rows, button: button || null };
}

function empty<T>(key: string): State<T> {
  return { key, rows: [], next: null, isLoading: false, failed: false };
}
