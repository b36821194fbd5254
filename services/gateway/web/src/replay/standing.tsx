import { benchmarkName } from "../charts/benchmarks";
import { accounts } from "../state/store";
import { ModelName } from "../ui/model-name";
import { arrow, NONE, percent, signed, tone, usd } from "../words/format";
import { t } from "../words/words";
import { benchmarks } from "./player";
import { replayWords } from "./words";

/** Contenders and benchmarks by return as of the moment shown; equal returns share a rank. */
function Standing() {
  const words = t();
  const rows = [
    ...Object.values(accounts.value).map((row) => ({ ...row, name: null })),
    ...benchmarks.value.map((row) => ({ ...row, model: null, equity: null, total_pnl: null })),
  ].sort((a, b) => Number(b.return_percent) - Number(a.return_percent));
  return (
    <table class="figures ranking">
      <caption class="hidden">{replayWords().standing}</caption>
      <thead>
        <tr>
          {[words.rank, words.model, words.accountValue, "%", "P&L $"].map((text) => (
            <th key={text} scope="col">
              {text}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.model ?? row.name} data-testid="standing-row" class={row.model === null ? "muted" : ""}>
            <td data-label={words.rank}>
              {1 + rows.filter((each) => Number(each.return_percent) > Number(row.return_percent)).length}
            </td>
            <th scope="row" data-label={words.model}>
              {row.model === null ? benchmarkName(words, row.name) : <ModelName model={row.model} />}
            </th>
            <td data-label={words.accountValue}>{row.equity === null ? "" : usd(row.equity)}</td>
            <td data-label="%" class={tone(row.return_percent)}>
              {arrow(row.return_percent)} {row.return_percent === null ? NONE : percent(row.return_percent)}
            </td>
            <td data-label="P&L $">{row.total_pnl === null ? "" : signed(row.total_pnl, 2)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The pages that are no part of the replay say so; of the leaderboard the standing is. */
export function ReplayPage({ isStanding }: { isStanding: boolean }) {
  const words = replayWords();
  return (
    <section class="page">
      <h1>{isStanding ? t().leaderboard : words.standing}</h1>
      {isStanding ? <Standing /> : <p class="note">{words.notStored}</p>}
    </section>
  );
}
