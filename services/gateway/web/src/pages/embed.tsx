import { get } from "../api/rest";
import { useLoad } from "../api/use-load";
import { EquityChart, rangeOf, useEquity } from "../charts/equity-chart";
import { Answers } from "../duel/answers";
import { cyclePath } from "../navigation/route";
import { query } from "../navigation/router";
import { decisions, status } from "../state/store";
import { LoadNote } from "../ui/note";
import { moment } from "../words/format";
import { t } from "../words/words";

const POLL_MS = 30_000;

/** The arena's name and mode, and the way to the whole page. */
function Source({ href, text }: { href: string; text: string }) {
  return (
    <p class="source">
      <a href={href} target="_blank" rel="noopener">
        <b>AICOIN ▪ ARENA</b> {text} ↗
      </a>
      <span class="badge mode">{status.value?.mode ?? "—"}</span>
    </p>
  );
}

function EmbeddedEquity() {
  const loaded = useEquity(null, rangeOf());
  return (
    <>
      <Source href="/" text={t().accountValue} />
      <div class="chart-panel">
        <EquityChart loaded={loaded} />
      </div>
    </>
  );
}

/** The cycle that the address names, else the newest one. */
function EmbeddedDuel() {
  const words = t();
  const cycle = query.value.get("cycle") ?? decisions.value[0]?.cycle_id ?? null;
  const loaded = useLoad(
    `cycle ${cycle ?? ""}`,
    () => (cycle === null ? Promise.resolve(null) : get("/cycles/{cycle_id}", { cycle_id: cycle })),
    POLL_MS,
  );
  if (!loaded.value) return <LoadNote loaded={loaded} />;
  return (
    <section class="duel">
      <Source href={cyclePath(loaded.value.cycle_id)} text={`${words.duel} ${moment(loaded.value.time_ms)}`} />
      <Answers cycle={loaded.value} />
    </section>
  );
}

/** A part of the arena for the frame of another site. */
export function EmbedPage({ part }: { part: "equity" | "duel" }) {
  return part === "duel" ? <EmbeddedDuel /> : <EmbeddedEquity />;
}
