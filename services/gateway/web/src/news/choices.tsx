import { t } from "../words/words";
import { choose, chosen, permission } from "./notify";
import { KINDS } from "./watch";

const FEED = "/api/v1/feed.atom";

/** Which events the browser notifies of, and the feed for readers of feeds. */
export function NewsChoices() {
  const words = t();
  const isRefused = permission.value === "denied" || permission.value === "unsupported";
  return (
    <section data-testid="news">
      <h2>{words.notifications}</h2>
      <fieldset class="news">
        <legend class="hidden">{words.notifications}</legend>
        {KINDS.map((kind) => (
          <label key={kind}>
            <input
              type="checkbox"
              checked={chosen.value.includes(kind)}
              disabled={isRefused}
              onChange={(event) => void choose(kind, (event.target as HTMLInputElement).checked)}
            />
            {words.newsKinds[kind]}
          </label>
        ))}
      </fieldset>
      <p class="note">
        {isRefused ? words.notifyRefused : words.notifyNote} <a href={FEED}>{words.feed}</a>
      </p>
    </section>
  );
}
