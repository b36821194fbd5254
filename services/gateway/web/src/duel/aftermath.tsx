import type { Cycle } from "../api/types.gen";
import { ModelName } from "../ui/model-name";
import { arrow, NONE, percent, price, tone } from "../words/format";
import { minutesText } from "../words/minutes";
import { t } from "../words/words";
import { SpanTable } from "./span-table";

/** What each price of the snapshot did afterwards; beside a coin the contenders that named it. */
export function Aftermath({ cycle }: { cycle: Cycle }) {
  const words = t();
  const spans = cycle.moves[0]?.later.map(({ minutes }) => minutes) ?? [];
  if (spans.length === 0) return null;
  return (
    <section>
      <h2>{words.aftermath}</h2>
      <SpanTable name={words.aftermath} heads={[words.coin, words.now]} spans={spans} class="aftermath">
        {cycle.moves.map((move) => (
          <tr key={move.symbol} data-symbol={move.symbol}>
            <th scope="row">
              {move.symbol}{" "}
              {cycle.decisions
                .filter((row) => row.symbol === move.symbol && row.action !== "HOLD")
                .map((row) => (
                  <ModelName key={row.model} model={row.model} isMarkOnly />
                ))}
            </th>
            <td data-label={words.now}>{price(move.price)}</td>
            {move.later.map(({ minutes, change_percent, later_price }) => (
              <td
                key={minutes}
                class={tone(change_percent)}
                data-label={minutesText(minutes)}
                data-minutes={minutes}
                title={later_price === null ? words.notYet : price(later_price)}
              >
                {change_percent === null ? NONE : `${arrow(change_percent)} ${percent(change_percent)}`}
              </td>
            ))}
          </tr>
        ))}
      </SpanTable>
      <p class="note">{words.aftermathNote}</p>
    </section>
  );
}
