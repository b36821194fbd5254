import { get } from "../api";
import { benchmarkName } from "../components/equity-chart";
import { useLoad } from "../components/load";
import { ModelName } from "../components/model-name";
import { LoadNote, StaleNote } from "../components/note";
import { arrow, compact, type Figure, NONE, number, percent, share, signed, span, tone, usd } from "../format";
import { t, type Words } from "../i18n";
import { MODELS } from "../models";
import { accounts } from "../store";
import type { Leaderboard, LeaderboardRow } from "../types";

const EVERY_MS = 5_000;

type Row = LeaderboardRow | undefined;

function Change({ value, show }: { value: Figure; show: (value: Figure) => string }) {
  return (
    <span class={tone(value)}>
      {arrow(value)} {show(value)}
    </span>
  );
}

const money = (value: Figure): string => signed(value, 2);

function Overall({ rows, words }: { rows: Row[]; words: Words }) {
  const columns: [string, (row: LeaderboardRow) => preact.ComponentChildren][] = [
    [words.value, (row) => usd(row.account_value)],
    [words.return_, (row) => <Change value={row.return_percent} show={percent} />],
    [words.totalPnl, (row) => <Change value={row.total_pnl} show={money} />],
    [words.fees, (row) => usd(row.fees)],
    [words.funding, (row) => money(row.funding)],
    [words.winRate, (row) => share(row.win_rate_percent)],
    [words.biggestWin, (row) => money(row.biggest_win)],
    [words.biggestLoss, (row) => money(row.biggest_loss)],
    [words.sharpe, (row) => number(row.sharpe, 2)],
    [words.tradeCount, (row) => number(row.trades, 0)],
  ];
  return (
    <table class="figures ranking">
      <caption class="hidden">{words.overall}</caption>
      <thead>
        <tr>
          <th scope="col">{words.rank}</th>
          <th scope="col">{words.model}</th>
          {columns.map(([name]) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr key={row?.model ?? index} data-testid={row ? "leaderboard-row" : undefined} data-model={row?.model}>
            <td data-label={words.rank}>{row?.rank ?? NONE}</td>
            <th scope="row" data-label={words.model}>
              {row ? (
                <a href={`/models/${row.model}`}>
                  <ModelName model={row.model} />
                </a>
              ) : (
                NONE
              )}
            </th>
            {columns.map(([name, show]) => (
              <td key={name} data-label={name}>
                {row ? show(row) : NONE}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type Line = [string, (row: LeaderboardRow) => preact.ComponentChildren];

function advanced(words: Words): [string, Line[]][] {
  const bandOf = (row: LeaderboardRow): string => {
    const [low, high] = [percent(row.return_band_low_percent), percent(row.return_band_high_percent)];
    return low === NONE || high === NONE ? NONE : `${low} … ${high}`;
  };
  const times = (value: Figure): string => (number(value, 1) === NONE ? NONE : `${number(value, 1)}x`);
  const millis = (value: Figure): string => (number(value, 0) === NONE ? NONE : `${number(value, 0)} ms`);
  return [
    [
      words.groupReturn,
      [
        [words.band, bandOf],
        [words.sharpe, (row) => number(row.sharpe, 2)],
        [words.sortino, (row) => number(row.sortino, 2)],
        [words.maxDrawdown, (row) => share(row.max_drawdown_percent, 2)],
        [words.profitFactor, (row) => number(row.profit_factor, 2)],
        [words.expectancy, (row) => money(row.expectancy)],
      ],
    ],
    [
      words.groupTrading,
      [
        [words.averageSize, (row) => usd(row.average_trade_notional)],
        [words.medianSize, (row) => usd(row.median_trade_notional)],
        [words.averageHolding, (row) => span(row.average_holding_ms)],
        [words.medianHolding, (row) => span(row.median_holding_ms)],
        [words.averageLeverage, (row) => times(row.average_leverage)],
        [words.medianLeverage, (row) => times(row.median_leverage)],
        [words.longShare, (row) => share(row.long_share_percent)],
      ],
    ],
    [
      words.groupDecisions,
      [
        [words.decisionCount, (row) => number(row.decisions, 0)],
        [words.averageConfidence, (row) => share(row.average_confidence)],
        [words.medianConfidence, (row) => share(row.median_confidence)],
        [words.brier, (row) => number(row.brier, 3)],
        [words.tokensIn, (row) => compact(row.prompt_tokens)],
        [words.tokensOut, (row) => compact(row.completion_tokens)],
        [words.cost, (row) => number(row.cost_usd, 4)],
        [words.averageLatency, (row) => millis(row.average_latency_ms)],
      ],
    ],
  ];
}

/** Few models and many figures: a row a figure and a column a model, which fits the narrowest screen. */
function Advanced({ rows, words }: { rows: LeaderboardRow[]; words: Words }) {
  const models = rows.length ? rows.map((row) => row.model) : MODELS;
  return (
    <table class="compared">
      <caption class="hidden">{words.advanced}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span class="hidden">{words.figure}</span>
          </th>
          {models.map((model) => (
            <th key={model} scope="col">
              <ModelName model={model} />
            </th>
          ))}
        </tr>
      </thead>
      {advanced(words).map(([group, lines]) => (
        <tbody key={group}>
          <tr class="group-row">
            <th scope="rowgroup" colSpan={models.length + 1}>
              {group}
            </th>
          </tr>
          {lines.map(([name, show]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {models.map((model) => {
                const row = rows.find((each) => each.model === model);
                return <td key={model}>{row ? show(row) : NONE}</td>;
              })}
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  );
}

/** With the account's value as it was pushed last, like everywhere else on the page; the rest is as loaded. */
function live(row: LeaderboardRow): LeaderboardRow {
  const account = accounts.value[row.model];
  if (!account) return row;
  const { equity, return_percent, total_pnl } = account;
  return { ...row, account_value: equity, return_percent, total_pnl };
}

export function LeaderboardPage() {
  const words = t();
  const loaded = useLoad("leaderboard", () => get<Leaderboard>("leaderboard"), EVERY_MS, accounts.value);
  const rows = (loaded.value?.leaderboard ?? []).map(live);
  const benchmarks = loaded.value?.benchmarks ?? [];
  return (
    <section class="page">
      <h1>{words.leaderboard}</h1>
      {!loaded.value && loaded.failed && <LoadNote loaded={loaded} />}
      <StaleNote loaded={loaded} />
      <h2>{words.overall}</h2>
      <Overall rows={loaded.value ? rows : MODELS.map(() => undefined)} words={words} />
      {loaded.value && rows.length === 0 && <p class="note">{words.noAccounts}</p>}
      <h2>{words.benchmarks}</h2>
      <dl class="sums">
        {["btc_hold", "equal_weight"].map((name) => {
          const value = benchmarks.find((row) => row.name === name)?.return_percent;
          return (
            <div key={name}>
              <dt>{benchmarkName(words, name)}</dt>
              <dd>
                <Change value={value} show={percent} />
              </dd>
            </div>
          );
        })}
      </dl>
      <h2>{words.advanced}</h2>
      <Advanced rows={rows} words={words} />
      <p class="note">
        {words.formulas} <a href="/readme">README.TXT</a>
      </p>
    </section>
  );
}
