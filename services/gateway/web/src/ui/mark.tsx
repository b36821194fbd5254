import { lookOf, type Mark } from "../state/roster";

const PATHS: Record<Mark, string> = {
  circle: "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12Z",
  diamond: "M8 1L15 8L8 15L1 8Z",
  square: "M2.5 2.5H13.5V13.5H2.5Z",
  triangle: "M8 2L15 14H1Z",
};

/** A contender's mark in the color of the text around it. */
export function ModelMark({ model }: { model: string }) {
  return (
    <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[lookOf(model).mark]} fill="currentColor" />
    </svg>
  );
}
