import type { LeaderboardRow } from "../api/types.gen";
import { ModelName } from "../ui/model-name";
import { NONE } from "../words/format";
import { t } from "../words/words";
import { columnsOf } from "./columns";
import { Figure } from "./figure";

/** The contenders by rank, a column per labeled figure; undefined rows stand while the first ones are loaded. */
export function Ranking({ rows }: { rows: (LeaderboardRow | undefined)[] }) {
  const words = t();
  const columns = columnsOf(words, "overall");
  return (
    <table class="figures ranking">
      <caption class="hidden">{words.overall}</caption>
      <thead>
        <tr>
          <th scope="col">{words.rank}</th>
          <th scope="col">{words.model}</th>
          {columns.map(({ name, label }) => (
            <th key={name} scope="col">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr key={row?.model ?? index} data-testid={row ? "leaderboard-row" : undefined} data-model={row?.model}>
            <td data-label={words.rank}>{row?.rank ?? NONE}</td>
            <th scope="row" data-label={words.model}>
              {row ? (
                <a href={`/models/${row.model}`}>
                  <ModelName model={row.model} />
                </a>
              ) : (
                NONE
              )}
            </th>
            {columns.map(({ name, label }) => (
              <td key={name} data-label={label} data-column={name}>
                {row ? <Figure name={name} value={row[name]} /> : NONE}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
