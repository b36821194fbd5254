import { useRef } from "preact/hooks";

import { get } from "../api/rest";
import type { Responses } from "../api/types.gen";
import { type Loaded, useLoad } from "../api/use-load";
import { query, setFilter } from "../navigation/router";
import { marketPoll } from "../state/clock";
import { contenderIds, lookOf } from "../state/roster";
import { accounts, status } from "../state/store";
import { ModelName } from "../ui/model-name";
import { StaleNote } from "../ui/note";
import { Switch } from "../ui/switch";
import { NONE, percent, usd } from "../words/format";
import { t } from "../words/words";
import { benchmarkName } from "./benchmarks";
import { type Pointed, useEquityLines } from "./equity-lines";
import { MarkedTrades } from "./marked-trades";
import { useMarkedTrades } from "./use-marked-trades";

const POINTS = "500";
const POLL_MS = 60_000;
const RANGE_MS = 72 * 3_600_000;

type Answer = Responses["/equity"];
type Hover = Pointed["values"] | null;

export function rangeOf(): "all" | "72h" {
  return query.value.get("range") === "all" ? "all" : "72h";
}

export function useEquity(model: string | null, range: string): Loaded<Answer> {
  return useLoad(
    `equity ${model ?? ""} ${range}`,
    () => get("/equity", { model, range, points: POINTS }),
    marketPoll(POLL_MS),
  );
}

/** The names of lines that the address says are not shown. */
function hiddenLines(): string[] {
  return (query.value.get("hide") ?? "").split(",").filter(Boolean);
}

/** A line's entry in the legend, which switches it off and on. */
function Toggle({ name, children }: { name: string; children: preact.ComponentChildren }) {
  const hidden = hiddenLines();
  const isHidden = hidden.includes(name);
  const next = isHidden ? hidden.filter((each) => each !== name) : [...hidden, name];
  return (
    <button
      type="button"
      class={isHidden ? "switched-off" : ""}
      aria-pressed={!isHidden}
      onClick={() => setFilter("hide", next.join() || null)}
    >
      {children}
    </button>
  );
}

/** A contender's value: under the crosshair, else the latest one. */
function Value({ model, hover, inPercent }: { model: string; hover: Hover; inPercent: boolean }) {
  const account = accounts.value[model];
  const point = hover?.[model];
  const latest = inPercent ? percent(account?.return_percent) : usd(account?.equity);
  const hovered = point === undefined ? NONE : inPercent ? percent(point) : usd(point);
  return (
    <Toggle name={model}>
      <span data-testid={`account-value-${model}`}>
        <ModelName model={model} /> <b>{hover ? hovered : latest}</b>
      </span>
    </Toggle>
  );
}

function Benchmarks(props: { rows: Answer["benchmarks"]; hover: Hover; format: (figure: number) => string }) {
  const words = t();
  return (
    <>
      {props.rows.map(({ name }) => {
        const figure = props.hover?.[name];
        return (
          <Toggle key={name} name={name}>
            <span class="muted">
              <span aria-hidden="true">{name === "btc_hold" ? "╌╌" : "┈┈"}</span> {benchmarkName(words, name)}
              <span class="benchmark-figure">{figure !== undefined && ` ${props.format(figure)}`}</span>
            </span>
          </Toggle>
        );
      })}
    </>
  );
}

/** Whether the drawdown stands below: always on one contender's chart, else where the address says so. */
function DrawdownSwitch({ isShown }: { isShown: boolean }) {
  return (
    <span class="switch">
      <button type="button" aria-pressed={isShown} onClick={() => setFilter("drawdown", isShown ? null : "1")}>
        {t().drawdown}
      </button>
    </span>
  );
}

/** Account value over time: a line per contender, dashes for the benchmarks, the starting balance, and the trades.
 * With `only` it is one contender's chart, without benchmarks. */
export function EquityChart({ only = null, loaded }: { only?: string | null; loaded: Loaded<Answer> }) {
  const words = t();
  const inPercent = query.value.get("unit") === "percent";
  const models = only === null ? contenderIds() : [only];
  const element = useRef<HTMLDivElement>(null);
  const { value } = loaded;
  const own = value?.series.find((row) => row.model === only)?.start_balance;
  const start = Number(own ?? value?.start_balance ?? status.value?.start_balance ?? 10_000);
  const trades = useMarkedTrades({ model: only, spanMs: rangeOf() === "all" ? null : RANGE_MS });
  const withBenchmarks = only === null;
  const withDrawdown = only !== null || query.value.get("drawdown") === "1";
  const lines = { models, value, trades, start, inPercent, withBenchmarks, hidden: hiddenLines(), withDrawdown };
  const { hover: pointed, kept, format } = useEquityLines(element, lines);
  const hover = pointed && Object.keys(pointed.values).length > 0 ? pointed.values : null;
  const executions = pointed?.executions ?? [];
  const summary = models.map((model) => `${lookOf(model).name} ${usd(accounts.value[model]?.equity)}`).join(", ");
  return (
    <>
      <div class="panel-head">
        <Switch
          name="range"
          label={words.range}
          value={rangeOf()}
          choices={{ all: words.allTime, "72h": "72H" }}
          fallback="72h"
        />
        <Switch
          name="unit"
          label={words.unit}
          value={inPercent ? "percent" : "usd"}
          choices={{ usd: "$", percent: "%" }}
          fallback="usd"
        />
        {only === null && <DrawdownSwitch isShown={withDrawdown} />}
        <span class="legend" role="group" aria-label={words.lines}>
          {models.map((model) => (
            <Value key={model} model={model} hover={hover} inPercent={inPercent} />
          ))}
          {withBenchmarks && <Benchmarks rows={value?.benchmarks ?? []} hover={hover} format={format} />}
        </span>
      </div>
      <div class="chart-frame">
        <div class="chart" ref={element} role="img" aria-label={`${words.accountValue}: ${summary}`} />
        {!value && <p class="chart-note">{loaded.failed ? words.failed : words.loading}</p>}
        {value && value.series.every((row) => row.points.length === 0) && <p class="chart-note">{words.noEquity}</p>}
        <MarkedTrades executions={executions.length ? executions : kept} isKept={executions.length === 0} />
        <StaleNote loaded={loaded} />
      </div>
    </>
  );
}
