import { lookOf } from "../state/roster";
import { ModelMark } from "./mark";

/** A contender's mark and name in its color; with `isMarkOnly` the name is for screen readers and on hover. */
export function ModelName({ model, isMarkOnly = false }: { model: string; isMarkOnly?: boolean }) {
  const { name, token } = lookOf(model);
  return (
    <span class="model" style={{ color: `var(${token})` }} title={isMarkOnly ? name : undefined}>
      <ModelMark model={model} /> <span class={isMarkOnly ? "hidden" : undefined}>{name}</span>
    </span>
  );
}
