import { age, number } from "../format";
import { t, type Words } from "../i18n";
import { look } from "../models";
import { closedBecause, type Connection, connection, latencyMs, now, prices, retryAt, status } from "../store";
import type { ModelStatus, Status } from "../types";

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

function each(rows: ModelStatus[], words: Words): string {
  return rows
    .map((row) => {
      const kind = row.stand_in === null ? "?" : row.stand_in ? words.standIn : words.realModel;
      return `${look(row.model).name}: ${row.provider_model} (${kind}), ${row.trading_state}`;
    })
    .join("\n");
}

/** Which money, which market, which models: as plain as the state of the line. */
function Facts({ facts }: { facts: Status }) {
  const words = t();
  return (
    <span class="facts" title={each(facts.models, words)}>
      <b class={`badge ${facts.mode.toLowerCase()}`} data-testid="mode">
        {facts.mode}
      </b>
      <span>{market(facts.market, words)}</span>
      <span>{models(facts.models, words)}</span>
    </span>
  );
}

function State({ facts }: { facts: Status }) {
  const states = new Set(facts.models.map((row) => row.trading_state));
  if (states.size <= 1) {
    return <b class={facts.trading_state === "ACTIVE" ? "" : "warning"}>{facts.trading_state}</b>;
  }
  return (
    <>
      {facts.models.map((row) => (
        <b key={row.model} class={row.trading_state === "ACTIVE" ? "" : "warning"}>
          {look(row.model).name} {row.trading_state}
        </b>
      ))}
    </>
  );
}

export function StatusBar() {
  const words = t();
  const state = connection.value;
  const facts = status.value;
  const isAway = state === "disconnected" || state === "error";
  const waits = Math.max(0, Math.ceil((retryAt.value - now.value) / 1000));
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
        {isAway && (
          <span aria-hidden="true">
            {" "}
            ({words.retryIn} {waits} s)
          </span>
        )}
      </span>
      {facts && <Facts facts={facts} />}
      <span class="ages">
        <span class={since !== null && since > 5_000 ? "warning" : ""} data-testid="data-age">
          {words.data} {age(since)}
        </span>
        <span class="latency">
          {words.latencyShort} {latencyMs.value === null ? "—" : `${number(latencyMs.value, 0)} ms`}
        </span>
        {facts && <State facts={facts} />}
      </span>
    </footer>
  );
}
