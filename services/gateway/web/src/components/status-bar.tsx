import { t } from "../i18n";
import { type Connection, connection, now, pricesReceived, retryAt, status } from "../store";

const BLOCKS: Record<Connection, string> = {
  connecting: "[████░░░░░░░░]",
  connected: "[████████████]",
  disconnected: "[░░░░░░░░░░░░]",
  error: "[▒▒▒▒▒▒▒▒▒▒▒▒]",
};

function market(kind: string): string {
  const words = t();
  return kind === "LIVE" ? words.liveMarket : kind === "CAPTURE" ? words.capture : words.simulated;
}

function models(standIns: (boolean | null)[]): string {
  const words = t();
  const known = standIns.filter((each) => each !== null);
  if (known.length === 0) return "";
  if (known.every(Boolean)) return words.standIns;
  return known.some(Boolean) ? words.mixedModels : words.realModels;
}

export function StatusBar() {
  const words = t();
  const state = connection.value;
  const facts = status.value;
  const waits = Math.max(0, Math.ceil((retryAt.value - now.value) / 1000));
  const age = pricesReceived.value ? Math.max(0, now.value - pricesReceived.value) / 1000 : null;
  return (
    <footer>
      <span role="status" data-testid="status" class={`connection ${state}`}>
        <span aria-hidden="true">{BLOCKS[state]}</span> {words.status}: {words[state]}
        {(state === "disconnected" || state === "error") && ` (${words.retryIn} ${waits} s)`}
      </span>
      {facts && (
        <span class="facts">
          <b class="badge" data-testid="mode">
            {facts.mode}
          </b>{" "}
          · {market(facts.market)} · {models(facts.models.map((row) => row.stand_in))}
        </span>
      )}
      <span class="ages">
        {age !== null && (
          <>
            {words.data} {age.toFixed(0)}s{" "}
          </>
        )}
        {facts && <b class={facts.trading_state === "ACTIVE" ? "" : "warning"}>{facts.trading_state}</b>}
      </span>
    </footer>
  );
}
