import { get } from "../api";
import { useLoad } from "../components/load";
import { ModelName } from "../components/trades";
import { NONE, number, percent, signed, tone, usd } from "../format";
import { t } from "../i18n";
import type { LeaderboardRow } from "../types";

export function LeaderboardPage() {
  const words = t();
  const { value, failed } = useLoad(() => get<{ leaderboard: LeaderboardRow[] }>("leaderboard"), [], 5_000);
  if (!value) return <p class="note">{failed ? words.failed : words.loading}</p>;
  return (
    <section class="panel page">
      <h1>{words.leaderboard}</h1>
      <table class="figures">
        <thead>
          <tr>
            <th>{words.rank}</th>
            <th>{words.model}</th>
            <th>{words.value}</th>
            <th>{words.return_}</th>
            <th>{words.totalPnl}</th>
            <th>{words.fees}</th>
            <th>{words.funding}</th>
            <th>{words.winRate}</th>
            <th>{words.biggestWin}</th>
            <th>{words.biggestLoss}</th>
            <th>{words.sharpe}</th>
            <th>{words.tradeCount}</th>
          </tr>
        </thead>
        <tbody>
          {value.leaderboard.map((row) => (
            <tr key={row.model} data-testid="leaderboard-row">
              <td data-label={words.rank}>{row.rank}</td>
              <td data-label={words.model}>
                <a href={`/models/${row.model}`}>
                  <ModelName model={row.model} />
                </a>
              </td>
              <td data-label={words.value}>{usd(row.account_value)}</td>
              <td data-label={words.return_} class={tone(row.return_percent)}>
                {percent(row.return_percent)}
              </td>
              <td data-label={words.totalPnl} class={tone(row.total_pnl)}>
                {signed(row.total_pnl, 2)}
              </td>
              <td data-label={words.fees}>{usd(row.fees)}</td>
              <td data-label={words.funding}>{signed(row.funding, 2)}</td>
              <td data-label={words.winRate}>
                {row.win_rate_percent === null ? NONE : `${number(row.win_rate_percent, 1)}%`}
              </td>
              <td data-label={words.biggestWin}>{signed(row.biggest_win, 2)}</td>
              <td data-label={words.biggestLoss}>{signed(row.biggest_loss, 2)}</td>
              <td data-label={words.sharpe}>{number(row.sharpe, 2)}</td>
              <td data-label={words.tradeCount}>{row.trades}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
