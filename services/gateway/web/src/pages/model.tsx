import { get } from "../api";
import { useLoad } from "../components/load";
import { Positions } from "../components/positions";
import { TradeRow } from "../components/trades";
import { percent, signed, tone, usd } from "../format";
import { t } from "../i18n";
import { look, MODELS } from "../models";
import { fills } from "../store";
import type { Account, LeaderboardRow, Trade } from "../types";

interface ModelAnswer {
  account: Account | null;
  trades: Trade[];
  totals: LeaderboardRow | null;
}

export function ModelPage({ model }: { model: string }) {
  const words = t();
  const { value, failed } = useLoad(() => get<ModelAnswer>(`models/${model}`), [model, fills.value], 10_000);
  const { name, marker, token } = look(model);
  const account = value?.account;
  const totals = value?.totals;
  return (
    <section class="panel page">
      <nav class="tabs" aria-label={words.models}>
        {MODELS.map((each) => (
          <a key={each} href={`/models/${each}`} aria-current={each === model ? "page" : undefined}>
            {look(each).name}
          </a>
        ))}
      </nav>
      <h1>
        <span style={`color: var(${token})`}>{marker}</span> {name}
      </h1>
      {!value && <p class="note">{failed ? words.failed : words.loading}</p>}
      <dl class="sums">
        <div>
          <dt>{words.equity} $</dt>
          <dd>{usd(account?.equity)}</dd>
        </div>
        <div>
          <dt>{words.return_}</dt>
          <dd class={tone(account?.return_percent)}>{percent(account?.return_percent)}</dd>
        </div>
        <div>
          <dt>{words.cash} $</dt>
          <dd>{usd(account?.available_balance)}</dd>
        </div>
        <div>
          <dt>{words.totalPnl}</dt>
          <dd class={tone(totals?.total_pnl)}>{signed(totals?.total_pnl, 2)}</dd>
        </div>
        <div>
          <dt>{words.fees}</dt>
          <dd>{usd(totals?.fees)}</dd>
        </div>
        <div>
          <dt>{words.funding}</dt>
          <dd>{signed(totals?.funding, 2)}</dd>
        </div>
      </dl>
      <h2>{words.positions}</h2>
      <Positions model={model} />
      <h2>{words.lastTrades}</h2>
      <ul class="rows">
        {value?.trades.map((trade) => (
          <TradeRow key={trade.id} trade={trade} />
        ))}
      </ul>
      {value?.trades.length === 0 && <p class="note">{words.noTrades}</p>}
    </section>
  );
}
