import { get } from "../api/rest";
import { useLoad } from "../api/use-load";
import { cyclePath } from "../navigation/route";
import { decisions } from "../state/store";
import { LoadNote, StaleNote } from "../ui/note";
import { moment } from "../words/format";
import { fill, t } from "../words/words";
import { Aftermath } from "./aftermath";
import { Answers } from "./answers";
import { Score } from "./score";
import { ShareLinks } from "./share-links";

const POLL_MS = 15_000;

/** The pushed state of the cycle's decisions: a change of it means that there is more to load. */
function pushedState(cycle: string): string {
  const rows = decisions.value.filter((row) => row.cycle_id === cycle);
  return rows.map((row) => `${row.id} ${row.verdict} ${row.executed}`).join();
}

function Neighbor({ cycle, rel }: { cycle: string | null; rel: "prev" | "next" }) {
  const words = t();
  const text = rel === "prev" ? `← ${words.earlier}` : `${words.later} →`;
  return cycle === null ? (
    <span class="muted">{text}</span>
  ) : (
    <a href={cyclePath(cycle)} rel={rel}>
      {text}
    </a>
  );
}

/** One cycle: what each contender made of the same snapshot, what the prices did afterwards, and the running score. */
export function DuelPage({ cycle }: { cycle: string }) {
  const words = t();
  const load = () => get("/cycles/{cycle_id}", { cycle_id: cycle });
  const loaded = useLoad(`cycle ${cycle}`, load, POLL_MS, pushedState(cycle));
  const found = loaded.value;
  return (
    <section class="page duel">
      <div class="page-head">
        <h1>{words.duel}</h1>
        <span class="muted">
          {found ? moment(found.time_ms) : "—"} · {cycle}
        </span>
        <nav class="links" aria-label={words.duel}>
          <Neighbor cycle={found?.previous_cycle ?? null} rel="prev" />
          <Neighbor cycle={found?.next_cycle ?? null} rel="next" />
        </nav>
      </div>
      <StaleNote loaded={loaded} />
      {!found && <LoadNote loaded={loaded} />}
      {found && (
        <>
          {found.decisions.length === 0 && <p class="note">{words.noAnswers}</p>}
          <Answers cycle={found} />
          <Aftermath cycle={found} />
        </>
      )}
      <Score />
      {found && <ShareLinks cycle={cycle} title={fill(words.duelOf, { cycle })} />}
    </section>
  );
}
