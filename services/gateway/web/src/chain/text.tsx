import { t } from "../words/words";

/** A long text as it was sent or received. */
export function Text({ value, label }: { value: string | null; label: string }) {
  if (!value) return <p class="note">{t().nothing}</p>;
  return (
    <pre class="text" tabIndex={0} role="region" aria-label={label}>
      {value}
    </pre>
  );
}
