import { get } from "../api";
import { DrawdownChart } from "../components/drawdown-chart";
import { EquityChart, rangeOf, useEquity } from "../components/equity-chart";
import { useLoad } from "../components/load";
import { LoadNote, StaleNote } from "../components/note";
import { Positions } from "../components/positions";
import { TradeRow } from "../components/trade-row";
import { arrow, type Figure, number, percent, share, signed, tone, usd } from "../format";
import { t } from "../i18n";
import { language } from "../language";
import { look, MODELS } from "../models";
import { accounts, fills, status } from "../store";
import { theme } from "../theme";
import type { ModelAnswer, ModelStatistics } from "../types";

const EVERY_MS = 10_000;

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

/** The share of time that an account was long, short and flat, as one bar with its figures said. */
function TimeBar({ statistics }: { statistics: ModelStatistics | null | undefined }) {
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
        {parts.map(([name, value, colour]) => (
          <span key={name} class={colour} style={{ flexGrow: Math.max(0, Number(value ?? 0)) }} />
        ))}
      </div>
      <ul class="plain">
        {parts.map(([name, value, colour]) => (
          <li key={name}>
            <span class={`swatch ${colour}`} aria-hidden="true" /> {name} {share(value)}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Where this account can be looked up, and its history and picture to take away. */
function Links({ model, explorer }: { model: string; explorer: string | null }) {
  const words = t();
  const card = `/api/v1/models/${model}/card`;
  const look_ = `lang=${language.value}&theme=${theme.value}`;
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
        <a href={`${card}.svg?${look_}`} target="_blank" rel="noreferrer">
          SVG
        </a>{" "}
        <a href={`${card}.png?${look_}`} target="_blank" rel="noreferrer">
          PNG
        </a>
      </li>
      <li>
        CSV{" "}
        {(["equity", "trades", "decisions"] as const).map((name) => (
          <>
            <a key={name} href={`/api/v1/export/${name}.csv?model=${model}`} download>
              {words.exports[name]}
            </a>{" "}
          </>
        ))}
      </li>
    </ul>
  );
}

export function ModelPage({ model }: { model: string }) {
  const words = t();
  const loaded = useLoad(`model ${model}`, () => get<ModelAnswer>(`models/${model}`), EVERY_MS, fills.value);
  const equity = useEquity(model, rangeOf());
  const { name, marker } = look(model);
  const account = accounts.value[model] ?? loaded.value?.account;
  const totals = loaded.value?.totals;
  const statistics = loaded.value?.statistics;
  const provider = status.value?.models.find((row) => row.model === model);
  return (
    <section class="page">
      <nav class="tabs" aria-label={words.models}>
        {MODELS.map((each) => (
          <a key={each} href={`/models/${each}`} aria-current={each === model ? "page" : undefined}>
            {look(each).name}
          </a>
        ))}
      </nav>
      <div class="page-head">
        <h1>
          <span class={`model ${model}`} aria-hidden="true">
            {marker}
          </span>{" "}
          {name}
        </h1>
        {provider && (
          <span class="muted">
            {provider.provider_model} · {provider.stand_in ? words.standIn : words.realModel} · {provider.trading_state}
          </span>
        )}
        <Links model={model} explorer={statistics?.explorer_url ?? null} />
      </div>
      {loaded.failed && !loaded.value && <LoadNote loaded={loaded} />}
      <StaleNote loaded={loaded} />
      <dl class="sums">
        <Sum name={`${words.equity} $`} value={usd(account?.equity)} />
        <Sum name={words.return_} value={percent(account?.return_percent)} change={account?.return_percent} />
        <Sum name={`${words.cash} $`} value={usd(account?.available_balance)} />
        <Sum name={words.totalPnl} value={signed(account?.total_pnl, 2)} change={account?.total_pnl} />
        <Sum name={words.netRealised} value={signed(statistics?.net_realized, 2)} change={statistics?.net_realized} />
        <Sum name={`${words.unrealised} $`} value={signed(account?.unrealized_pnl, 2)} change={account?.unrealized_pnl} />
        <Sum name={words.fees} value={usd(totals?.fees)} />
        <Sum name={words.funding} value={signed(totals?.funding, 2)} />
        <Sum name={words.winRate} value={share(totals?.win_rate_percent)} />
        <Sum name={words.maxDrawdown} value={share(totals?.max_drawdown_percent, 2)} />
        <Sum name={words.sharpe} value={number(totals?.sharpe, 2)} />
        <Sum name={words.tradeCount} value={number(totals?.trades, 0)} />
      </dl>
      <h2>{words.accountValue}</h2>
      <div class="boxed">
        <EquityChart key={model} only={model} loaded={equity} />
      </div>
      <h2>{words.drawdown}</h2>
      <div class="boxed">
        <DrawdownChart key={model} model={model} loaded={equity} />
      </div>
      <div class="pair">
        <section>
          <h2>{words.timeInMarket}</h2>
          <TimeBar statistics={statistics} />
        </section>
        <section>
          <h2>{words.reconciliation}</h2>
          <dl class="sums">
            <Sum name={words.residual} value={signed(statistics?.residual, 4)} />
            <Sum name={words.residualShare} value={share(statistics?.residual_percent, 4)} />
          </dl>
          <p class="note">{words.residualNote}</p>
        </section>
      </div>
      <h2>{words.positions}</h2>
      <Positions model={model} />
      <h2>{words.lastTrades}</h2>
      <ul class="rows">
        {(loaded.value?.trades ?? []).map((trade) => (
          <TradeRow key={trade.id} trade={trade} />
        ))}
      </ul>
      {!loaded.value && !loaded.failed && <LoadNote loaded={loaded} />}
      {loaded.value?.trades.length === 0 && <p class="note">{words.noTrades}</p>}
    </section>
  );
}
