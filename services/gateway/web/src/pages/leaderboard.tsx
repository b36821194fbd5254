import { get } from "../api/rest";
import type { LeaderboardRow } from "../api/types.gen";
import { useLoad } from "../api/use-load";
import { BENCHMARKS, benchmarkName } from "../charts/benchmarks";
import { contenderIds } from "../state/roster";
import { accounts } from "../state/store";
import { Comparison } from "../statistics/comparison";
import { Figure } from "../statistics/figure";
import { Ranking } from "../statistics/ranking";
import { LoadNote, StaleNote } from "../ui/note";
import { t } from "../words/words";

const POLL_MS = 5_000;

/** The row with the account's latest pushed value, as everywhere else on the page; the rest is as loaded. */
function withAccount(row: LeaderboardRow): LeaderboardRow {
  const account = accounts.value[row.model];
  if (!account) return row;
  const { equity, return_percent, total_pnl } = account;
  return { ...row, equity, return_percent, total_pnl };
}

export function LeaderboardPage() {
  const words = t();
  const loaded = useLoad("leaderboard", () => get("/leaderboard"), POLL_MS, accounts.value);
  const rows = (loaded.value?.leaderboard ?? []).map(withAccount);
  const benchmarks = loaded.value?.benchmarks ?? [];
  return (
    <section class="page">
      <h1>{words.leaderboard}</h1>
      {!loaded.value && loaded.failed && <LoadNote loaded={loaded} />}
      <StaleNote loaded={loaded} />
      <h2>{words.overall}</h2>
      <Ranking rows={loaded.value ? rows : contenderIds().map(() => undefined)} />
      {loaded.value && rows.length === 0 && <p class="note">{words.noAccounts}</p>}
      <h2>{words.benchmarks}</h2>
      <dl class="sums">
        {BENCHMARKS.map((name) => (
          <div key={name}>
            <dt>{benchmarkName(words, name)}</dt>
            <dd>
              <Figure name="return_percent" value={benchmarks.find((row) => row.name === name)?.return_percent} />
            </dd>
          </div>
        ))}
      </dl>
      <h2>{words.advanced}</h2>
      <Comparison models={rows.length ? rows.map((row) => row.model) : contenderIds()} rows={rows} />
      <p class="note">
        {words.formulas} <a href="/readme">README.TXT</a>
      </p>
    </section>
  );
}
