import type { ModelStatus, Status } from "../api/types.gen";
import { lookOf } from "../state/roster";
import { closedBecause, type Connection, connection, latencyMs, now, prices, retryAt, status } from "../state/store";
import { age, number } from "../words/format";
import { describeHalt } from "../words/halts";
import { t, type Words } from "../words/words";

const BLOCKS: Record<Connection, string> = {
  connecting: "[████░░░░░░░░]",
  connected: "[████████████]",
  disconnected: "[░░░░░░░░░░░░]",
  error: "[▒▒▒▒▒▒▒▒▒▒▒▒]",
};

function market(kind: string, words: Words): string {
  const names: Record<string, string> = {
    LIVE: words.liveMarket,
    CAPTURE: words.capture,
    SIMULATED: words.simulated,
  };
  return names[kind] ?? words.unknownMarket;
}

function models(rows: ModelStatus[], words: Words): string {
  const known = rows.filter((row) => row.stand_in !== null);
  if (known.length === 0) return words.modelsUnknown;
  if (known.every((row) => row.stand_in)) return words.standIns;
  return known.some((row) => row.stand_in) ? words.mixedModels : words.realModels;
}

function describeModels(rows: ModelStatus[], words: Words): string {
  return rows
    .map((row) => {
      const kind = row.stand_in === null ? "?" : row.stand_in ? words.standIn : words.realModel;
      return `${lookOf(row.model).name}: ${row.provider_model ?? "?"} (${kind}), ${row.trading_state}`;
    })
    .join("\n");
}

/** The mode, the market and the models: as visible as the state of the connection. */
function Environment({ status: row }: { status: Status }) {
  const words = t();
  return (
    <span class="environment" title={describeModels(row.models, words)}>
      <b class={`badge ${row.mode.toLowerCase()}`} data-testid="mode">
        {row.mode}
      </b>
      <span>{market(row.market, words)}</span>
      <span>{models(row.models, words)}</span>
    </span>
  );
}

/** The trading states; who has halted what, since when and why stands in the title. */
function TradingState({ status: row }: { status: Status }) {
  const states = new Set(row.models.map((each) => each.trading_state));
  const title = row.halts
    .map((halt) => `${halt.model === null ? "" : `${lookOf(halt.model).name}: `}${describeHalt(halt)}`)
    .join("\n");
  if (states.size <= 1) {
    return (
      <b class={row.trading_state === "ACTIVE" ? "" : "warning"} title={title}>
        {row.trading_state}
      </b>
    );
  }
  return (
    <span title={title}>
      {row.models.map((each) => (
        <b key={each.model} class={each.trading_state === "ACTIVE" ? "" : "warning"}>
          {lookOf(each.model).name} {each.trading_state}
        </b>
      ))}
    </span>
  );
}

export function StatusBar() {
  const words = t();
  const state = connection.value;
  const current = status.value;
  const isDisconnected = state === "disconnected" || state === "error";
  const retrySeconds = Math.max(0, Math.ceil((retryAt.value - now.value) / 1000));
  const newest = Math.max(0, ...Object.values(prices.value).map((row) => row.time_ms));
  const since = newest ? now.value - newest : null;
  return (
    <footer>
      <span class={`connection ${state}`} data-testid="status" title={closedBecause.value}>
        <span class="blocks" aria-hidden="true">
          {BLOCKS[state]}
        </span>{" "}
        <span role="status">
          {words.status}: {words[state]}
        </span>
        {isDisconnected && (
          <span aria-hidden="true">
            {" "}
            ({words.retryIn} {retrySeconds} s)
          </span>
        )}
      </span>
      {current && <Environment status={current} />}
      <span class="ages">
        <span class={since !== null && since > 5_000 ? "warning" : ""} data-testid="data-age">
          {words.data} {age(since)}
        </span>
        <span class="latency">
          {words.latencyShort} {latencyMs.value === null ? "—" : `${number(latencyMs.value, 0)} ms`}
        </span>
        {current && <TradingState status={current} />}
      </span>
    </footer>
  );
}
