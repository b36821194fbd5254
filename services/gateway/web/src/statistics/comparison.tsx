import type { LeaderboardRow } from "../api/types.gen";
import { ModelName } from "../ui/model-name";
import { NONE } from "../words/format";
import { t } from "../words/words";
import { columnsOf, showFigure } from "./columns";

const GROUPS = ["return", "trading", "decisions"] as const;

/** A row per labelled figure and a column per contender: few contenders and many figures fit the narrowest screen. */
export function Comparison({ models, rows }: { models: string[]; rows: LeaderboardRow[] }) {
  const words = t();
  return (
    <table class="compared">
      <caption class="hidden">{words.advanced}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span class="hidden">{words.figure}</span>
          </th>
          {models.map((model) => (
            <th key={model} scope="col">
              <ModelName model={model} />
            </th>
          ))}
        </tr>
      </thead>
      {GROUPS.map((group) => (
        <tbody key={group}>
          <tr class="group-row">
            <th scope="rowgroup" colSpan={models.length + 1}>
              {words.groups[group]}
            </th>
          </tr>
          {columnsOf(words, group).map(({ name, label }) => (
            <tr key={name} data-column={name}>
              <th scope="row">{label}</th>
              {models.map((model) => {
                const row = rows.find((each) => each.model === model);
                return <td key={model}>{row ? showFigure(name, row[name]) : NONE}</td>;
              })}
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  );
}
