import { useEffect, useRef, useState } from "preact/hooks";

import { connections } from "../state/store";
import { ApiError } from "./rest";

const RETRY_MS = 3_000;
const GATHER_MS = 300;

export interface Loaded<T> {
  value: T | null;
  failed: boolean;
  /** The last failure was the server's "there is no such thing": trying again is in vain. */
  missing: boolean;
}

/** NOT_YET is a promise: the first order book is on its way. */
function isInVain({ status, code }: ApiError): boolean {
  return (status === 404 && code !== "NOT_YET") || status === 400;
}

interface Kept<T> extends Loaded<T> {
  key: string;
}

/** Loads what `key` names: now, when `again` or the connection changes, and every so often while the page is looked at.
 * A failure keeps the last value and is tried again; another key begins without a value. */
export function useLoad<T>(key: string, load: () => Promise<T>, everyMs = 0, again: unknown = null): Loaded<T> {
  const [kept, setKept] = useState<Kept<T>>({ key, value: null, failed: false, missing: false });
  const loader = useRef(load);
  loader.current = load;
  const soon = useRef<() => void>(() => undefined);

  useEffect(() => {
    let isCurrent = true;
    let timer: number | undefined;
    let dueMs = Infinity;
    const plan = (ms: number): void => {
      const due = Date.now() + ms;
      if (!isCurrent || ms <= 0 || due >= dueMs) return;
      clearTimeout(timer);
      dueMs = due;
      timer = window.setTimeout(run, ms);
    };
    const run = (): void => {
      clearTimeout(timer);
      dueMs = Infinity;
      if (document.hidden) return plan(everyMs || RETRY_MS);
      loader.current().then(
        (value) => {
          if (isCurrent) setKept({ key, value, failed: false, missing: false });
          plan(everyMs);
        },
        (error: unknown) => {
          const missing = error instanceof ApiError && isInVain(error);
          if (isCurrent)
            setKept((last) => ({ key, value: last.key === key ? last.value : null, failed: true, missing }));
          if (!missing) plan(RETRY_MS);
        },
      );
    };
    soon.current = () => plan(GATHER_MS);
    run();
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [key, everyMs]);

  const ups = connections.value;
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) soon.current();
    isFirst.current = false;
  }, [again, ups]);

  return kept.key === key ? kept : { value: null, failed: false, missing: false };
}
