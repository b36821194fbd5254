import { get } from "../api/rest";
import { useLoad } from "../api/use-load";
import { LoadNote } from "../ui/note";
import { language } from "../words/language";
import { t } from "../words/words";

/** README.TXT in the page's language, and whose charts these are. */
export function ReadmeText() {
  const lang = language.value;
  const loaded = useLoad(`readme ${lang}`, () => get("/readme", { lang }));
  if (!loaded.value) return <LoadNote loaded={loaded} />;
  return (
    <article class="readme">
      <pre>
        {loaded.value.text.split("\n").map((line, index) => (
          <span key={index} class={line.startsWith("- ") ? "bullet" : undefined}>
            {line}
            {"\n"}
          </span>
        ))}
      </pre>
      <p class="muted">
        {t().chartsBy}{" "}
        <a class="quiet" href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          TradingView Lightweight Charts™
        </a>
      </p>
    </article>
  );
}
