import { useState } from "preact/hooks";

import type { Decision } from "../api/types.gen";
import { cyclePath } from "../navigation/route";
import { contenderIds } from "../state/roster";
import { ModelName } from "../ui/model-name";
import { clock, moment } from "../words/format";
import { fill, t } from "../words/words";
import { Card } from "./card";
import { type Cycle, cyclesOf, foldedRows } from "./cycles";
import { useRowKeys } from "./keys";

function CycleRow({ cycle }: { cycle: Cycle }) {
  const words = t();
  return (
    <li class="cycle" data-feed-row data-cycle={cycle.id} tabIndex={-1}>
      <div class="cycle-head">
        <time dateTime={new Date(cycle.time_ms).toISOString()} title={moment(cycle.time_ms)}>
          {clock(cycle.time_ms)}
        </time>
        <a class="quiet" href={cyclePath(cycle.id)} title={words.toDuel}>
          {words.duel} ↗
        </a>
      </div>
      <ul class="cards">
        {cycle.decisions.map((row) => (
          <Card key={row.id} row={row} part="reasoning" isLinked={false} />
        ))}
      </ul>
    </li>
  );
}

/** Cycles in which every contender held. */
function Fold({ cycles, isOpen, toggle }: { cycles: Cycle[]; isOpen: boolean; toggle: () => void }) {
  const words = t();
  const [newest, oldest] = [cycles[0], cycles.at(-1)];
  const models = [...new Set(cycles.flatMap((cycle) => cycle.decisions.map((row) => row.model)))];
  return (
    <li class="cycle fold" data-testid="fold" data-feed-row tabIndex={-1}>
      <button type="button" aria-expanded={isOpen} onClick={toggle}>
        <span aria-hidden="true">{isOpen ? "−" : "+"}</span> {fill(words.foldOf, { n: cycles.length })}
      </button>
      <span class="muted">
        {oldest && clock(oldest.time_ms)} – {newest && clock(newest.time_ms)}
      </span>
      <span class="right">
        {models.map((model) => (
          <ModelName key={model} model={model} isMarkOnly />
        ))}
      </span>
    </li>
  );
}

/** One row per cycle, newest first; cycles in a row in which all held are folded. */
export function Feed({ decisions, isUnfolded }: { decisions: Decision[]; isUnfolded: boolean }) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  useRowKeys();
  const cycles = cyclesOf(decisions, contenderIds());
  const all = new Set(isUnfolded ? cycles.map(({ id }) => id) : []);
  const toggle = (run: Cycle[]): void => {
    const next = new Set(opened);
    const isOpen = run.some(({ id }) => next.has(id));
    for (const { id } of run) {
      if (isOpen) next.delete(id);
    }
    if (!isOpen && run[0]) next.add(run[0].id);
    setOpened(next);
  };
  return (
    <ul class="feed" aria-label={t().chat}>
      {foldedRows(cycles, isUnfolded ? all : opened).map((row) =>
        row.kind === "cycle" ? (
          <CycleRow key={row.cycle.id} cycle={row.cycle} />
        ) : (
          <Fold
            key={`fold ${row.cycles.at(-1)?.id ?? ""}`}
            cycles={row.cycles}
            isOpen={isUnfolded || row.cycles.some(({ id }) => opened.has(id))}
            toggle={() => toggle(row.cycles)}
          />
        ),
      )}
    </ul>
  );
}
