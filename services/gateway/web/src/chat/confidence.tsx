import { number } from "../words/format";
import { t } from "../words/words";

/** The stated confidence as a bar with its figure. */
export function Confidence({ value }: { value: string | null }) {
  if (value === null) return null;
  const share = Math.max(0, Math.min(100, Number(value)));
  return (
    <span class="confidence" role="img" aria-label={`${t().confidence} ${number(share, 0)} %`}>
      <span style={{ width: `${share}%` }} />
      <i>{number(share, 0)}</i>
    </span>
  );
}
