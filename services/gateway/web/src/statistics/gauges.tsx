/** How near a contender is to each limit that would stop it. */

import { get } from "../api/rest";
import type { Gauge } from "../api/types.gen";
import { useLoad } from "../api/use-load";
import { LoadNote, StaleNote } from "../ui/note";
import { NONE, number } from "../words/format";
import { fill, t } from "../words/words";

const POLL_MS = 5_000;
const NEAR = 0.75;

const DECIMALS: Record<Gauge["name"], number> = {
  daily_loss_percent: 2,
  drawdown_percent: 2,
  entries_today: 0,
  open_positions: 0,
  gross_exposure_ratio: 2,
  day_cost_usd: 4,
};

/** The used share of a limit, at most 1; null while either isn't known. A limit of nothing is used up. */
export function shareOf({ used, limit }: Gauge): number | null {
  if (used === null || limit === null) return null;
  return Number(limit) > 0 ? Math.min(1, Number(used) / Number(limit)) : 1;
}

function Bar({ gauge }: { gauge: Gauge }) {
  const words = t();
  const part = shareOf(gauge);
  const figure = (value: string | null): string => (value === null ? NONE : number(value, DECIMALS[gauge.name]));
  const tone = part === null || part < NEAR ? "" : part < 1 ? "warning" : "loss strong";
  const left = Math.max(0, Number(gauge.limit ?? 0) - Number(gauge.used ?? 0));
  return (
    <div data-gauge={gauge.name}>
      <dt>{words.gauges[gauge.name]}</dt>
      <dd class={tone}>
        {fill(words.ofLimit, { used: figure(gauge.used), limit: figure(gauge.limit) })}
        {gauge.name === "entries_today" && part !== null && (
          <small class="counted"> {fill(words.entriesLeft, { n: number(left, 0) })}</small>
        )}
        <span class="gauge" aria-hidden="true">
          <span style={{ width: `${100 * (part ?? 0)}%` }} />
        </span>
      </dd>
    </div>
  );
}

/** One contender's gauges, the first of which stop it. */
export function Gauges({ model }: { model: string }) {
  const words = t();
  const loaded = useLoad("limits", () => get("/limits"), POLL_MS);
  const gauges = loaded.value?.models.find((row) => row.model === model)?.gauges;
  return (
    <section data-testid="gauges">
      <h2>{words.limits}</h2>
      <StaleNote loaded={loaded} />
      {gauges ? (
        <dl class="sums">
          {gauges.map((gauge) => (
            <Bar key={gauge.name} gauge={gauge} />
          ))}
        </dl>
      ) : (
        <LoadNote loaded={loaded} />
      )}
    </section>
  );
}
