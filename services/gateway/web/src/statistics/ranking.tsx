import type { LeaderboardRow } from "../api/types.gen";
import { benchmarkName } from "../charts/benchmarks";
import { ModelName } from "../ui/model-name";
import { NONE } from "../words/format";
import { t } from "../words/words";
import { type Column, columnsOf } from "./columns";
import { Figure } from "./figure";
import { type Ranked } from "./ranks";

function ModelRow({ row, rank, columns }: { row: LeaderboardRow; rank: number; columns: Column[] }) {
  const words = t();
  return (
    <tr data-testid="leaderboard-row" data-model={row.model}>
      <td data-label={words.rank}>{rank}</td>
      <th scope="row" data-label={words.model}>
        <a href={`/models/${row.model}`}>
          <ModelName model={row.model} />
        </a>
      </th>
      {columns.map(({ name, label }) => (
        <td key={name} data-label={label} data-column={name}>
          <Figure name={name} value={row[name]} of={row} />
        </td>
      ))}
    </tr>
  );
}

/** A row of which only the return is known; the other cells are empty, or not known yet. */
function PlainRow(props: { name: string; rank: string; value?: string; columns: Column[]; empty: string }) {
  const words = t();
  return (
    <tr class="muted" data-testid={props.value === undefined ? undefined : "benchmark-row"}>
      <td data-label={words.rank}>{props.rank}</td>
      <th scope="row" data-label={words.model}>
        {props.name}
      </th>
      {props.columns.map(({ name, label }) => (
        <td key={name} data-label={label} data-column={name}>
          {name === "return_percent" && props.value !== undefined ? (
            <Figure name={name} value={props.value} />
          ) : (
            props.empty
          )}
        </td>
      ))}
    </tr>
  );
}

/** Contenders and benchmarks by rank, a column per labeled figure; `waiting` empty rows stand while they are loaded. */
export function Ranking({ rows, waiting }: { rows: Ranked[]; waiting: number }) {
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
        {Array.from({ length: waiting }, (_, index) => (
          <PlainRow key={index} name={NONE} rank={NONE} columns={columns} empty={NONE} />
        ))}
        {rows.map((each) =>
          each.kind === "model" ? (
            <ModelRow key={each.row.model} row={each.row} rank={each.rank} columns={columns} />
          ) : (
            <PlainRow
              key={each.row.name}
              name={benchmarkName(words, each.row.name)}
              rank={String(each.rank)}
              value={each.row.return_percent}
              columns={columns}
              empty=""
            />
          ),
        )}
      </tbody>
    </table>
  );
}
