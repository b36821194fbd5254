import type { LeaderboardRow } from "../api/types.gen";
import { lookOf } from "../state/roster";
import { ModelMark } from "../ui/mark";
import { ModelName } from "../ui/model-name";
import { NONE } from "../words/format";
import { t } from "../words/words";
import { columnsOf } from "./columns";
import { Figure } from "./figure";

const GROUPS = ["return", "trading", "decisions"] as const;

/** A row per labeled figure and a column per contender; on a narrow screen more than two columns become lines. */
export function Comparison({ models, rows }: { models: string[]; rows: LeaderboardRow[] }) {
  const words = t();
  return (
    <table class={`compared ${models.length > 2 ? "many" : ""}`}>
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
                return (
                  <td key={model}>
                    <span class="value-mark" style={{ color: `var(${lookOf(model).token})` }}>
                      <ModelMark model={model} />
                    </span>
                    {row ? <Figure name={name} value={row[name]} of={row} /> : NONE}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  );
}
