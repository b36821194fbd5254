import { useState } from "preact/hooks";

import { readLogs } from "../api/rest";
import type { Responses } from "../api/types.gen";
import { lineOf } from "../words/boards/lines";
import { t } from "../words/words";

const TOKEN = "control-token";

type Answer = Responses["/logs"];

/** The last lines of each service's log, asked for with the operator's token. */
export function Logs() {
  const words = t();
  const [token, setToken] = useState(sessionStorage.getItem(TOKEN) ?? "");
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [reason, setReason] = useState("");
  const ask = (event: Event): void => {
    event.preventDefault();
    readLogs(token).then(
      (found) => {
        sessionStorage.setItem(TOKEN, token);
        setAnswer(found);
        setReason("");
      },
      (error: Error) => setReason(error.message),
    );
  };
  return (
    <section data-testid="logs">
      <h2>{words.logs}</h2>
      <form class="news" onSubmit={ask}>
        <label>
          {words.token}{" "}
          <input
            type="password"
            autocomplete="off"
            required
            value={token}
            onInput={(event) => setToken((event.target as HTMLInputElement).value)}
          />
        </label>
        <button type="submit" class="act">
          {words.showLogs}
        </button>
        {reason && <span class="loss">{reason}</span>}
      </form>
      {answer?.services.map(({ name, lines }) => (
        <details key={name} open={lines.some((line) => lineOf(line).isTrouble)} data-service={name}>
          <summary>
            {name} <span class="muted">{lines.length}</span>
          </summary>
          <ol class="plain log-lines">
            {lines.map(lineOf).map(({ time, level, text, isTrouble }, index) => (
              <li key={index}>
                <span class="muted">{time}</span> <span class={isTrouble ? "warning" : "muted"}>{level}</span> {text}
              </li>
            ))}
          </ol>
        </details>
      ))}
    </section>
  );
}
