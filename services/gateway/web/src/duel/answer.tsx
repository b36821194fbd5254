import type { CycleDecision } from "../api/types.gen";
import { Orders } from "../chain/orders";
import { Outcome } from "../chain/outcome";
import { Confidence } from "../chat/confidence";
import { VerdictLine } from "../chat/verdict-line";
import { verdictOf } from "../chat/verdict";
import { cardPath } from "../navigation/route";
import { Markdown } from "../ui/markdown";
import { ModelName } from "../ui/model-name";
import { arrow, NONE, number, percent, price, tone } from "../words/format";
import { minutesText } from "../words/minutes";
import { t } from "../words/words";

function Results({ row }: { row: CycleDecision }) {
  const words = t();
  if (row.results.length === 0) return null;
  return (
    <section aria-label={words.netAfter}>
      <h3 title={words.netNote}>{words.netAfter}</h3>
      <dl class="results">
        {row.results.map(({ minutes, result_percent }) => (
          <div key={minutes}>
            <dt>{minutesText(minutes)}</dt>
            <dd class={tone(result_percent)} title={result_percent === null ? words.notYet : undefined}>
              {result_percent === null ? NONE : `${arrow(result_percent)} ${percent(result_percent)}`}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** What one contender made of the cycle: action, reasons, verdict, orders and fills, and what it came to. */
export function Answer({ model, row }: { model: string; row: CycleDecision | undefined }) {
  const words = t();
  if (!row) {
    return (
      <article class="answer" data-model={model}>
        <h2>
          <ModelName model={model} />
        </h2>
        <p class="note">{words.waiting}</p>
      </article>
    );
  }
  const verdict = verdictOf(row, words);
  const text = row.reasoning ?? row.failure_reason ?? "";
  return (
    <article class="answer" data-testid="duel-answer" data-model={model}>
      <h2>
        <ModelName model={model} />
        {row.stand_in && <span class="muted"> {words.standIn}</span>}
      </h2>
      <p class="call">
        <b>{row.action === null ? words.noAnswer : words.actions[row.action]}</b> {row.symbol ?? ""}{" "}
        {row.leverage ? `${row.leverage}x` : ""}{" "}
        {Number(row.position_size_percent) > 0 ? `${number(row.position_size_percent, 0)}%` : ""}
        <Confidence value={row.confidence} />
      </p>
      <p class={`verdict ${verdict.tone}`}>{verdict.text}</p>
      <VerdictLine row={row} />
      {text && <Markdown text={text} />}
      {(row.stop_loss !== null || row.take_profit !== null) && (
        <p class="muted">
          {words.stop} {price(row.stop_loss)} · {words.target} {price(row.take_profit)}
        </p>
      )}
      {row.orders.length + row.fills.length > 0 && <Orders detail={row} />}
      {row.trade ? <Outcome detail={row} /> : null}
      <Results row={row} />
      <p>
        <a class="quiet" href={cardPath(row.cycle_id, row.model, "prompt")}>
          {words.wholeChain} ↗
        </a>
      </p>
    </article>
  );
}
