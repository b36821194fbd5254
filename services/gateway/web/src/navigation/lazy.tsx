import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { LoadNote } from "../ui/note";

const RETRY_MS = 3_000;

/** A part of the page whose script is loaded when it is first shown; a failure is retried. */
export function Lazy<P extends object>({ load, props }: { load: () => Promise<ComponentType<P>>; props: P }) {
  const [part, setPart] = useState<{ Component: ComponentType<P> } | null>(null);
  const [failures, setFailures] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    let timer: number | undefined;
    load().then(
      (Component) => isCurrent && setPart({ Component }),
      () => {
        timer = window.setTimeout(() => setFailures(failures + 1), RETRY_MS);
      },
    );
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [load, failures]);
  if (part) return <part.Component {...props} />;
  return <LoadNote loaded={{ value: null, failed: failures > 0, missing: false }} />;
}
