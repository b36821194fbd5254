import type { Figure as Value } from "../api/types.gen";
import { arrow, NONE, number, tone } from "../words/format";
import { fill, t } from "../words/words";
import { isChange, showFigure } from "./columns";
import { countOf } from "./ranks";

/** One figure of a statistics view, as its column's name says; with its row `of`, a ratio says what it is made of. */
export function Figure({ name, value, of }: { name: string; value: Value | undefined; of?: Record<string, Value> }) {
  const text = showFigure(name, value);
  if (isChange(name)) {
    return (
      <span class={tone(value)}>
        {arrow(value)} {text}
      </span>
    );
  }
  const count = of === undefined || text === NONE ? null : countOf(name, of);
  if (count === null) return <>{text}</>;
  return (
    <>
      {text} <small class="counted">{fill(t().counted, { n: number(count, 0) })}</small>
    </>
  );
}
