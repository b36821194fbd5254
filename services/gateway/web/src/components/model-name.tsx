import { look } from "../models";

/** A model's marker and name in its colour. */
export function ModelName({ model }: { model: string }) {
  const { name, marker } = look(model);
  return (
    <span class={`model ${model}`}>
      <span aria-hidden="true">{marker}</span> {name}
    </span>
  );
}
