import type { ModelStatus, Status } from "../api/types.gen";
import { lookOf } from "../state/roster";
import { marketSpeed } from "../state/clock";
import { dataAge } from "../state/stale";
import { closedBecause, type Connection, connection, latencyMs, now, retryAt, serverNow, status } from "../state/store";
import { age, number, stamp } from "../words/format";
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

const NEAR_MS = 3_600_000;

/** The market's kind; of one whose time isn't the present, its own date and speed. */
function Market({ kind }: { kind: string }) {
  const words = t();
  const isRecorded = kind === "CAPTURE";
  const isElsewhere = isRecorded || Math.abs(now.value - serverNow.value) > NEAR_MS || marketSpeed.value !== 1;
  return (
    <span class={isElsewhere ? "badge elsewhere" : ""} data-testid="market">
      {market(kind, words)}
      {isElsewhere && (
        <>
          {" "}
          <time dateTime={new Date(now.value).toISOString()} data-testid="market-time">
            {stamp(now.value)}
          </time>{" "}
          <span data-testid="market-speed">{number(marketSpeed.value, 0)}×</span>
        </>
      )}
    </span>
  );
}

/** The mode, the market and the models: as visible as the state of the connection. */
function Environment({ status: row }: { status: Status }) {
  const words = t();
  return (
    <span class="environment" title={describeModels(row.models, words)}>
      <b class={`badge ${row.mode.toLowerCase()}`} data-testid="mode">
        {row.mode}
      </b>
      <Market kind={row.market} />
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
  const retrySeconds = Math.ceil((retryAt.value - performance.now()) / 1000);
  const since = dataAge();
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
            {retrySeconds > 0 ? `(${words.retryIn} ${retrySeconds} s)` : `(${words.retrying})`}
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
