import type { Figure as Value } from "../api/types.gen";
import { arrow, tone } from "../words/format";
import { isChange, showFigure } from "./columns";

/** One figure of a statistics view, as its column's name says. */
export function Figure({ name, value }: { name: string; value: Value | undefined }) {
  if (!isChange(name)) return <>{showFigure(name, value)}</>;
  return (
    <span class={tone(value)}>
      {arrow(value)} {showFigure(name, value)}
    </span>
  );
}
