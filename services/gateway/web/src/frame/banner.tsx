import { status } from "../state/store";
import { haltLines } from "../words/halts";
import { t } from "../words/words";

/** On every page while entries are stopped: whose, since when, by whom and why. */
export function Banner() {
  const lines = status.value ? haltLines(status.value, t()) : [];
  if (lines.length === 0) return null;
  return (
    <div class="banner" role="status" tabIndex={0} data-testid="banner">
      {lines.map(({ key, target, text }) => (
        <p key={key}>
          <b>{target}</b> {text}
        </p>
      ))}
    </div>
  );
}
