import { useEffect, useState } from "preact/hooks";

export interface Loaded<T> {
  value: T | null;
  failed: boolean;
}

/** Loads now, again whenever a key changes, and every so often; a failure keeps the last value. */
export function useLoad<T>(load: () => Promise<T>, keys: unknown[], everyMs = 0): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ value: null, failed: false });
  useEffect(() => {
    let isCurrent = true;
    const run = (): void => {
      load().then(
        (value) => isCurrent && setLoaded({ value, failed: false }),
        () => isCurrent && setLoaded((last) => ({ value: last.value, failed: true })),
      );
    };
    run();
    const timer = everyMs ? setInterval(run, everyMs) : undefined;
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, keys);
  return loaded;
}
