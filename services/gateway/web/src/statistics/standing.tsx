/** What the leaderboard compares beside its figures: holding BTC, the lead over time, results by coin. */

import type { Responses } from "../api/types.gen";
import { marketTime } from "../state/clock";
import { contenderIds } from "../state/roster";
import { ModelName } from "../ui/model-name";
import { Table } from "../ui/table";
import { moment, NONE, number, signed, span, tone } from "../words/format";
import { fill, t } from "../words/words";
import { LEAST_HOURS, verdictOf } from "./ranks";

type Rows = Responses["/leaderboard"];
const SHOWN_LEADS = 12;
const TONES = { yes: "gain", no: "loss", open: "", early: "muted" };

/** The page's first line; `waiting` are the contenders whose place it keeps while nothing is loaded. */
export function BeatsBtc({ rows, waiting }: { rows: Rows["leaderboard"]; waiting: string[] }) {
  const words = t();
  return (
    <dl class="beats" data-testid="beats-btc">
      <dt>{words.beatsBtc}</dt>
      {waiting.map((model) => (
        <dd key={model}>
          <ModelName model={model} /> <span class="muted">{NONE}</span>
        </dd>
      ))}
      {rows.map((row) => {
        const { answer, hours, excess, low, high } = verdictOf(row);
        const values = { hours: number(hours, 0), least: LEAST_HOURS };
        const points = { excess: signed(excess, 2), low: signed(low, 2), high: signed(high, 2) };
        return (
          <dd key={row.model} data-model={row.model} data-answer={answer}>
            <ModelName model={row.model} />{" "}
            <span class={TONES[answer]}>{fill(words.beatsVerdicts[answer], { ...values, ...points })}</span>
          </dd>
        );
      })}
    </dl>
  );
}

/** Whose the lead was, the newest first; with one contender there is none. */
export function Leads({ value }: { value: Responses["/leads"] }) {
  const words = t();
  const all = value.hours.reduce((sum, { hours }) => sum + hours, 0);
  const until = marketTime();
  if (contenderIds().length < 2) return null;
  return (
    <div data-testid="leads">
      <Table
        name={words.leadHistory}
        empty={words.noLeads}
        columns={[words.leader, words.leadFrom, words.leadUntil, words.leadFor]}
        rows={value.leads.slice(0, SHOWN_LEADS).map((lead) => ({
          key: `${lead.model} ${lead.since_ms}`,
          cells: [
            <ModelName key="model" model={lead.model} />,
            moment(lead.since_ms),
            lead.until_ms === null ? words.untilNow : moment(lead.until_ms),
            span((lead.until_ms ?? until) - lead.since_ms),
          ],
        }))}
      />
      <ul class="note hours-led">
        {value.hours.map(
          ({ model, hours }) =>
            model !== null && (
              <li key={model} data-model={model}>
                <ModelName model={model} /> {fill(words.led, { hours: number(hours, 0), all: number(all, 0) })}
              </li>
            ),
        )}
      </ul>
    </div>
  );
}

/** A row per coin in which a trade has ended, a column per contender. */
export function ByCoin({ rows, models }: { rows: Rows["coins"]; models: string[] }) {
  const words = t();
  const coins = [...new Set(rows.map(({ symbol }) => symbol))].sort();
  return (
    <div data-testid="by-coin">
      <Table
        name={words.pnlByCoin}
        empty={words.noCoins}
        columns={[words.coin, ...models.map((model) => model)]}
        heads={[words.coin, ...models.map((model) => <ModelName key={model} model={model} />)]}
        rows={coins.map((coin) => ({
          key: coin,
          cells: [
            <b key="coin">{coin}</b>,
            ...models.map((model) => {
              const row = rows.find((each) => each.model === model && each.symbol === coin);
              if (!row) return NONE;
              return (
                <span key={model} data-model={model} data-coin={coin}>
                  <span class={tone(row.pnl)}>{signed(row.pnl, 2)}</span>{" "}
                  <small class="counted">{fill(words.counted, { n: number(row.trades, 0) })}</small>
                </span>
              );
            }),
          ],
        }))}
      />
    </div>
  );
}
