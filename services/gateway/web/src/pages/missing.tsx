import { path } from "../navigation/router";
import { t } from "../words/words";

/** An address that leads nowhere. */
export function MissingPage() {
  const words = t();
  return (
    <section class="page">
      <h1>404</h1>
      <p>
        {words.noPage} <code>{path.value}</code>
      </p>
      <p>
        <a class="quiet" href="/">
          {words.live}
        </a>
      </p>
    </section>
  );
}
