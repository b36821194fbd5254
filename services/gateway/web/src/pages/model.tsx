import { get } from "../api/rest";
import type { LeaderboardRow, ModelStatistics, Responses } from "../api/types.gen";
import { type Loaded, useLoad } from "../api/use-load";
import { EquityChart, rangeOf, useEquity } from "../charts/equity-chart";
import { contenderIds, lookOf } from "../state/roster";
import { accounts, fills, status } from "../state/store";
import { columnsOf, type Group } from "../statistics/columns";
import { Comparison } from "../statistics/comparison";
import { Figure as StatisticsFigure } from "../statistics/figure";
import { Gauges } from "../statistics/gauges";
import { Positions } from "../trades/positions";
import { TradeRow } from "../trades/trade-row";
import { ModelMark } from "../ui/mark";
import { LoadNote, StaleNote } from "../ui/note";
import { theme } from "../ui/theme";
import { arrow, type Figure, percent, share, signed, tone, usd } from "../words/format";
import { nameOf } from "../words/boards/codes";
import { describeHalt } from "../words/halts";
import { language } from "../words/language";
import { t } from "../words/words";

const POLL_MS = 10_000;

/** Columns that the account's pushes keep up to date; they are shown from there. */
const LIVE_COLUMNS = ["equity", "return_percent", "total_pnl"];

const EXPORTS = ["equity", "trades", "decisions", "fills", "orders", "funding", "prompts"] as const;

type Answer = Responses["/models/{model}"];
type StatisticsRow = LeaderboardRow | ModelStatistics;

function Sum({ name, value, change }: { name: string; value: string; change?: Figure }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={tone(change)}>
        {arrow(change)} {value}
      </dd>
    </div>
  );
}

/** The labeled columns of a statistics view. */
function Sums({ group, row, without = [] }: { group: Group; row: StatisticsRow | null | undefined; without?: string[] }) {
  return (
    <>
      {columnsOf(t(), group)
        .filter(({ name }) => !without.includes(name))
        .map(({ name, label }) => (
          <div key={name} data-column={name}>
            <dt>{label}</dt>
            <dd>
              <StatisticsFigure name={name} value={row?.[name]} />
            </dd>
          </div>
        ))}
    </>
  );
}

/** The shares of time that an account was long, short and flat, as a bar with its figures. */
function TimeBar({ statistics }: { statistics: ModelStatistics | undefined }) {
  const words = t();
  const parts: [string, Figure, string][] = [
    [words.long, statistics?.time_long_percent, "gain"],
    [words.short, statistics?.time_short_percent, "loss"],
    [words.flat, statistics?.time_flat_percent, "muted"],
  ];
  const text = parts.map(([name, value]) => `${name} ${share(value)}`).join(", ");
  return (
    <div class="time-bar">
      <div class="bars" role="img" aria-label={text}>
        {parts.map(([name, value, shade]) => (
          <span key={name} class={shade} style={{ flexGrow: Math.max(0, Number(value ?? 0)) }} />
        ))}
      </div>
      <ul class="plain">
        {parts.map(([name, value, shade]) => (
          <li key={name}>
            <span class={`swatch ${shade}`} aria-hidden="true" /> {name} {share(value)}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The account on the explorer, its picture, and its history as CSV. */
function Links({ model, explorer }: { model: string; explorer: string | null }) {
  const words = t();
  const card = `/api/v1/models/${model}/card`;
  const options = `lang=${language.value}&theme=${theme.value}`;
  return (
    <ul class="links">
      <li>
        {explorer ? (
          <a href={explorer} target="_blank" rel="noreferrer">
            {words.explorer} ↗
          </a>
        ) : (
          <span class="muted">{words.noExplorer}</span>
        )}
      </li>
      <li>
        {words.picture}{" "}
        <a href={`${card}.svg?${options}`} target="_blank" rel="noreferrer">
          SVG
        </a>{" "}
        <a href={`${card}.png?${options}`} target="_blank" rel="noreferrer">
          PNG
        </a>
      </li>
      <li>
        CSV{" "}
        {EXPORTS.map((name) => (
          <>
            <a key={name} href={`/api/v1/export/${name}.csv?model=${model}`} download>
              {words.exports[name]}
            </a>{" "}
          </>
        ))}
        <a href={`/api/v1/export/archive.zip?model=${model}`} download>
          ZIP
        </a>
      </li>
    </ul>
  );
}

/** Name, provider's model, links. */
function Head({ model, explorer }: { model: string; explorer: string | null }) {
  const words = t();
  const { name, token } = lookOf(model);
  const row = status.value?.models.find((each) => each.model === model);
  return (
    <div class="page-head">
      <h1>
        <span style={{ color: `var(${token})` }}>
          <ModelMark model={model} />
        </span>{" "}
        {name}
      </h1>
      {row && (
        <span class="muted">
          {row.provider_model ?? "—"} · {row.stand_in ? words.standIn : words.realModel} · {nameOf(row.trading_state)}
          {row.account_mode && ` · ${words.accountMode} ${row.account_mode}`}
        </span>
      )}
      {status.value?.halts
        .filter((halt) => halt.model === null || halt.model === model)
        .map((halt) => (
          <span key={`${halt.reason}${halt.model}${halt.since_ms}`} class="warning" data-testid="halt">
            {describeHalt(halt)}
          </span>
        ))}
      <Links model={model} explorer={explorer} />
    </div>
  );
}

/** The account's figures as pushed last, and the labeled statistics. */
function Totals({ model, answer }: { model: string; answer: Answer | null }) {
  const words = t();
  const labels = words.statistics.overall;
  const account = accounts.value[model] ?? answer?.account;
  return (
    <dl class="sums">
      <Sum name={`${words.equity} $`} value={usd(account?.equity)} />
      <Sum name={labels.return_percent} value={percent(account?.return_percent)} change={account?.return_percent} />
      <Sum name={`${words.cash} $`} value={usd(account?.available_balance)} />
      <Sum name={labels.total_pnl} value={signed(account?.total_pnl, 2)} change={account?.total_pnl} />
      <Sums group="account" row={answer?.statistics} />
      <Sum name={`${words.unrealized} $`} value={signed(account?.unrealized_pnl, 2)} change={account?.unrealized_pnl} />
      <Sums group="overall" row={answer?.totals} without={LIVE_COLUMNS} />
    </dl>
  );
}

/** Shares of time and the PnL reconciliation, side by side. */
function Checks({ statistics }: { statistics: ModelStatistics | undefined }) {
  const words = t();
  return (
    <div class="pair">
      <section>
        <h2>{words.timeInMarket}</h2>
        <TimeBar statistics={statistics} />
      </section>
      <section>
        <h2>{words.reconciliation}</h2>
        <dl class="sums">
          <Sums group="reconciliation" row={statistics} />
        </dl>
        <p class="note">{words.residualNote}</p>
      </section>
    </div>
  );
}

function LastTrades({ loaded }: { loaded: Loaded<Answer> }) {
  const words = t();
  return (
    <>
      <h2>{words.lastTrades}</h2>
      <ul class="rows">
        {(loaded.value?.trades ?? []).map((trade) => (
          <TradeRow key={trade.id} trade={trade} />
        ))}
      </ul>
      {!loaded.value && !loaded.failed && <LoadNote loaded={loaded} />}
      {loaded.value?.trades.length === 0 && <p class="note">{words.noTrades}</p>}
    </>
  );
}

export function ModelPage({ model }: { model: string }) {
  const words = t();
  const loaded = useLoad(`model ${model}`, () => get("/models/{model}", { model }), POLL_MS, fills.value);
  const equity = useEquity(model, rangeOf());
  const totals = loaded.value?.totals;
  return (
    <section class="page">
      <nav class="tabs" aria-label={words.models}>
        {contenderIds().map((each) => (
          <a key={each} href={`/models/${each}`} aria-current={each === model ? "page" : undefined}>
            {lookOf(each).name}
          </a>
        ))}
      </nav>
      <Head model={model} explorer={loaded.value?.statistics.explorer_url ?? null} />
      {loaded.failed && !loaded.value && <LoadNote loaded={loaded} />}
      <StaleNote loaded={loaded} />
      <Totals model={model} answer={loaded.value} />
      <Gauges model={model} />
      <h2>
        {words.accountValue} · {words.drawdown}
      </h2>
      <div class="boxed">
        <EquityChart key={model} only={model} loaded={equity} />
      </div>
      <Checks statistics={loaded.value?.statistics} />
      <h2>{words.advanced}</h2>
      <Comparison models={[model]} rows={totals ? [totals] : []} />
      <h2>{words.positions}</h2>
      <Positions model={model} />
      <LastTrades loaded={loaded} />
    </section>
  );
}
