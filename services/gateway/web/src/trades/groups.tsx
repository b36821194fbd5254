import { get } from "../api/rest";
import type { Responses } from "../api/types.gen";
import { useLoad } from "../api/use-load";
import { fills } from "../state/store";
import { LoadNote } from "../ui/note";
import { arrow, number, percent, share, signed, tone, usd } from "../words/format";
import { fill, t } from "../words/words";

const POLL_MS = 60_000;
const DAY_MS = 86_400_000;
const MOST_DAYS = 365;

type Groups = Responses["/trades/groups"];
interface Sum {
  pnl: string;
  trades: number;
}

function ByCoin({ rows }: { rows: Groups["coins"] }) {
  const words = t();
  const labels = words.tradeColumns;
  return (
    <table class="figures">
      <caption class="hidden">{words.byCoin}</caption>
      <thead>
        <tr>
          <th scope="col">{labels.symbol}</th>
          <th scope="col">{words.tradesWord}</th>
          <th scope="col">{words.wonWord}</th>
          <th scope="col">{labels.fees}</th>
          <th scope="col">{labels.funding}</th>
          <th scope="col">{labels.pnl}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.symbol} data-testid="coin-sum" data-symbol={row.symbol}>
            <th scope="row">{row.symbol}</th>
            <td data-label={words.tradesWord}>{number(row.trades, 0)}</td>
            <td data-label={words.wonWord}>{share((100 * row.trades_won) / row.trades)}</td>
            <td data-label={labels.fees}>{usd(row.fees)}</td>
            <td data-label={labels.funding}>{signed(row.funding, 2)}</td>
            <td data-label={labels.pnl} class={tone(row.pnl)}>
              {arrow(row.pnl)} {signed(row.pnl, 2)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface Bar extends Sum {
  name: string;
  height: number;
  isLoss: boolean;
}

/** Bars side by side; losses hang below the line where `isSigned`. The names stand under the first and the last. */
function Bars({ bars, label, isSigned }: { bars: Bar[]; label: string; isSigned: boolean }) {
  const words = t();
  const most = Math.max(...bars.map((bar) => Math.abs(bar.height)), 1e-9);
  const texts = bars.map((bar) => fill(words.barOf, { name: bar.name, pnl: signed(bar.pnl, 2), n: bar.trades }));
  return (
    <div class={`bar-chart ${isSigned ? "signed" : ""}`} role="img" aria-label={`${label}: ${texts.join("; ")}`}>
      <div class="plot">
        {bars.map((bar, index) => (
          <span key={bar.name} title={bar.trades ? texts[index] : bar.name} class={bar.isLoss ? "loss" : "gain"}>
            <i style={{ height: `${(Math.abs(bar.height) / most) * 100}%` }} />
          </span>
        ))}
      </div>
      <div class="ends muted">
        <span>{bars[0]?.name}</span>
        <span>{bars.at(-1)?.name}</span>
      </div>
    </div>
  );
}

/** Every day from the first to the last, at most a year; days without an ended trade are empty. */
export function dayBars(rows: Groups["days"]): Bar[] {
  const last = rows.at(-1)?.day_ms;
  const first = rows[0]?.day_ms;
  if (last === undefined || first === undefined) return [];
  const known = new Map(rows.map((row) => [row.day_ms, row]));
  const count = Math.min(MOST_DAYS, (last - first) / DAY_MS + 1);
  return Array.from({ length: count }, (_, index) => {
    const ms = last - (count - 1 - index) * DAY_MS;
    const { pnl, trades } = known.get(ms) ?? { pnl: "0", trades: 0 };
    const name = new Date(ms).toISOString().slice(0, 10);
    return { name, pnl, trades, height: Number(pnl), isLoss: Number(pnl) < 0 };
  });
}

/** Every step between the lowest and the highest result. */
export function histogramBars(rows: Groups["histogram"]): Bar[] {
  const steps = rows.map((row) => row.from_percent);
  const known = new Map(rows.map((row) => [row.from_percent, row]));
  const bars: Bar[] = [];
  for (let from = Math.min(...steps); from <= Math.max(...steps); from += 5) {
    const { pnl, trades } = known.get(from) ?? { pnl: "0", trades: 0 };
    const name = `${from <= -50 ? "< −45%" : from >= 45 ? "≥ +45%" : `${percent(from)} … ${percent(from + 5)}`}`;
    bars.push({ name, pnl, trades, height: trades, isLoss: from < 0 });
  }
  return bars;
}

/** Weekdays by hours: the tint is the sign, its strength the size of the P&L. */
function Hours({ rows }: { rows: Groups["hours"] }) {
  const words = t();
  const known = new Map(rows.map((row) => [`${row.weekday} ${row.hour}`, row]));
  const most = Math.max(...rows.map((row) => Math.abs(Number(row.pnl))), 1e-9);
  const hours = Array.from({ length: 24 }, (_, hour) => hour);
  return (
    <div class="heat" tabIndex={0} role="region" aria-label={words.byHour}>
      <table>
        <caption class="hidden">{words.byHour}</caption>
        <thead>
          <tr>
            <td />
            {hours.map((hour) => (
              <th key={hour} scope="col">
                {String(hour).padStart(2, "0")}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {words.weekdays.map((day, weekday) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              {hours.map((hour) => {
                const row = known.get(`${weekday} ${hour}`);
                if (!row) return <td key={hour} />;
                const strength = Math.round(10 + (Math.abs(Number(row.pnl)) / most) * 35);
                const color = `var(--${Number(row.pnl) < 0 ? "loss" : "gain"})`;
                return (
                  <td
                    key={hour}
                    style={{ background: `color-mix(in srgb, ${color} ${strength}%, transparent)` }}
                    title={fill(words.barOf, { name: `${day} ${hour}:00`, pnl: signed(row.pnl, 2), n: row.trades })}
                  >
                    {Number(row.pnl) < 0 ? "−" : "+"}
                    {row.trades}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What the ended trades of a contender, or of all, came to: by coin, day, result and hour. */
export function TradeGroups({ model }: { model: string | null }) {
  const words = t();
  const loaded = useLoad(`trade groups ${model ?? ""}`, () => get("/trades/groups", { model }), POLL_MS, fills.value);
  const groups = loaded.value;
  if (!groups) return <LoadNote loaded={loaded} />;
  if (groups.coins.length === 0) return null;
  return (
    <div class="trade-groups">
      <section>
        <h2>{words.byCoin}</h2>
        <ByCoin rows={groups.coins} />
      </section>
      <section>
        <h2>{words.byDay}</h2>
        <Bars bars={dayBars(groups.days)} label={words.byDay} isSigned />
        <p class="note">{words.byDayNote}</p>
      </section>
      <section>
        <h2>{words.histogram}</h2>
        {groups.histogram.length > 0 && (
          <Bars bars={histogramBars(groups.histogram)} label={words.histogram} isSigned={false} />
        )}
        <p class="note">{words.histogramNote}</p>
      </section>
      <section>
        <h2>{words.byHour}</h2>
        <Hours rows={groups.hours} />
        <p class="note">{words.byHourNote}</p>
      </section>
    </div>
  );
}
