import type { Loaded } from "../api/use-load";
import { t } from "../words/words";

/** What a panel says in place of rows that aren't there yet. */
export function LoadNote({ loaded }: { loaded: Loaded<unknown> }) {
  const words = t();
  const text = loaded.missing ? words.missing : loaded.failed ? words.failed : words.loading;
  return (
    <p class={`note ${loaded.failed ? "warning" : ""}`} role={loaded.failed ? "alert" : undefined}>
      {text}
    </p>
  );
}

/** Says that what is shown is older than it should be. */
export function StaleNote({ loaded }: { loaded: Loaded<unknown> }) {
  if (!loaded.value || !loaded.failed) return null;
  return (
    <p class="note warning" role="alert">
      {t().staleData}
    </p>
  );
}
