import { get } from "../api/rest";
import type { LeaderboardRow } from "../api/types.gen";
import { useLoad } from "../api/use-load";
import { BENCHMARKS } from "../charts/benchmarks";
import { contenderIds } from "../state/roster";
import { accounts } from "../state/store";
import { Comparison } from "../statistics/comparison";
import { Ranking } from "../statistics/ranking";
import { ranked } from "../statistics/ranks";
import { BeatsBtc, ByCoin, Leads } from "../statistics/standing";
import { LoadNote, StaleNote } from "../ui/note";
import { t } from "../words/words";

const POLL_MS = 5_000;
const LEADS_POLL_MS = 30_000;

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
  const leads = useLoad("leads", () => get("/leads"), LEADS_POLL_MS);
  const rows = (loaded.value?.leaderboard ?? []).map(withAccount);
  const standing = ranked(rows, loaded.value?.benchmarks ?? []);
  const models = rows.length ? standing.flatMap((each) => (each.kind === "model" ? [each.row.model] : [])) : contenderIds();
  return (
    <section class="page wide">
      <h1>{words.leaderboard}</h1>
      {!loaded.value && loaded.failed && <LoadNote loaded={loaded} />}
      <StaleNote loaded={loaded} />
      <BeatsBtc rows={rows} waiting={loaded.value ? [] : contenderIds()} />
      <h2>{words.overall}</h2>
      <Ranking rows={standing} waiting={loaded.value ? 0 : contenderIds().length + BENCHMARKS.length} />
      {loaded.value && rows.length === 0 && <p class="note">{words.noAccounts}</p>}
      <div class="columns">
        <div>
          <h2>{words.advanced}</h2>
          <Comparison models={models} rows={rows} />
          <p class="note">
            {words.formulas} <a href="/readme">README.TXT</a>
          </p>
        </div>
        <div>
          {loaded.value && <ByCoin rows={loaded.value.coins} models={models} />}
          {leads.value && <Leads value={leads.value} />}
        </div>
      </div>
    </section>
  );
}
