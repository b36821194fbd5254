import { useEffect, useRef, useState } from "preact/hooks";

import { connections } from "../state/store";
import { ApiError } from "./rest";

const RETRY_MS = 3_000;
const RELOAD_DELAY_MS = 300;

export interface Loaded<T> {
  value: T | null;
  failed: boolean;
  /** The last failure was a 404 or 400: a retry would not help. */
  missing: boolean;
}

/** NOT_YET is a 404 that ends by itself: the first order book is about to arrive. */
function isPermanent({ status, code }: ApiError): boolean {
  return (status === 404 && code !== "NOT_YET") || status === 400;
}

interface State<T> extends Loaded<T> {
  key: string;
}

/** Loads what `key` names: at once, when `trigger` or the connection changes, and every `pollMs` while the page is
 * visible. A failure keeps the last value and is retried; another key starts without a value. */
export function useLoad<T>(key: string, load: () => Promise<T>, pollMs = 0, trigger: unknown = null): Loaded<T> {
  const [state, setState] = useState<State<T>>({ key, value: null, failed: false, missing: false });
  const loader = useRef(load);
  loader.current = load;
  const reload = useRef<() => void>(() => undefined);

  useEffect(() => {
    let isCurrent = true;
    let timer: number | undefined;
    let dueAt = Infinity;
    const schedule = (ms: number): void => {
      const due = Date.now() + ms;
      if (!isCurrent || ms <= 0 || due >= dueAt) return;
      clearTimeout(timer);
      dueAt = due;
      timer = window.setTimeout(run, ms);
    };
    const run = (): void => {
      clearTimeout(timer);
      dueAt = Infinity;
      if (document.hidden) return schedule(pollMs || RETRY_MS);
      loader.current().then(
        (value) => {
          if (isCurrent) setState({ key, value, failed: false, missing: false });
          schedule(pollMs);
        },
        (error: unknown) => {
          const missing = error instanceof ApiError && isPermanent(error);
          if (isCurrent)
            setState((last) => ({ key, value: last.key === key ? last.value : null, failed: true, missing }));
          if (!missing) schedule(RETRY_MS);
        },
      );
    };
    reload.current = () => schedule(RELOAD_DELAY_MS);
    run();
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [key, pollMs]);

  const connectionCount = connections.value;
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) reload.current();
    isFirst.current = false;
  }, [trigger, connectionCount]);

  return state.key === key ? state : { value: null, failed: false, missing: false };
}
