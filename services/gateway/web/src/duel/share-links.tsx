import { theme } from "../ui/theme";
import { language } from "../words/language";
import { t } from "../words/words";

/** The duel as a picture, as a page to embed, and through the phone's own way of sharing. */
export function ShareLinks({ cycle, title }: { cycle: string; title: string }) {
  const words = t();
  const path = encodeURIComponent(cycle);
  const options = `lang=${language.value}&theme=${theme.value}`;
  const canShare = typeof navigator.share === "function";
  return (
    <ul class="links share-links">
      <li>
        {words.picture}{" "}
        {(["svg", "png"] as const).map((kind) => (
          <>
            <a key={kind} href={`/api/v1/cycles/${path}/card.${kind}?${options}`} target="_blank" rel="noreferrer">
              {kind.toUpperCase()}
            </a>{" "}
          </>
        ))}
      </li>
      <li>
        <a href={`/embed/duel?cycle=${path}`} target="_blank" rel="noreferrer">
          {words.embed}
        </a>
      </li>
      {canShare && (
        <li>
          <button type="button" onClick={() => void navigator.share({ title, url: location.href }).catch(() => undefined)}>
            {words.share}
          </button>
        </li>
      )}
    </ul>
  );
}
