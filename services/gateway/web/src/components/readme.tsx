import { get } from "../api";
import { language, t } from "../i18n";
import { useLoad } from "./load";

export function ReadmeText() {
  const lang = language.value;
  const { value, failed } = useLoad(() => get<{ text: string }>("readme", { lang }), [lang]);
  if (!value) return <p class="note">{failed ? t().failed : t().loading}</p>;
  return (
    <article class="readme">
      <pre>{value.text}</pre>
    </article>
  );
}
