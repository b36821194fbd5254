import type { Cycle } from "../api/types.gen";
import { contenderIds } from "../state/roster";
import { Answer } from "./answer";

/** The contenders in the roster's order; those of an earlier roster who answered come last. */
function contendersOf(cycle: Cycle): string[] {
  const models = contenderIds();
  return [...models, ...cycle.decisions.map((row) => row.model).filter((model) => !models.includes(model))];
}

/** Every contender's answer to the same snapshot, side by side. */
export function Answers({ cycle }: { cycle: Cycle }) {
  return (
    <div class="answers">
      {contendersOf(cycle).map((model) => (
        <Answer key={model} model={model} row={cycle.decisions.find((row) => row.model === model)} />
      ))}
    </div>
  );
}
