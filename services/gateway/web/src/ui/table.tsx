export type Cell = preact.ComponentChildren;

/** A plain table; on a narrow screen each cell names its column. `heads` stand in place of the columns' names. */
export function Table(props: {
  name: string;
  columns: string[];
  heads?: Cell[];
  rows: { key: string; cells: Cell[] }[];
  empty: string;
}) {
  return (
    <section>
      <h2>{props.name}</h2>
      {props.rows.length === 0 ? (
        <p class="note">{props.empty}</p>
      ) : (
        <table class="figures plain-table">
          <caption class="hidden">{props.name}</caption>
          <thead>
            <tr>
              {props.columns.map((column, index) => (
                <th key={column} scope="col">
                  {props.heads ? props.heads[index] : column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {props.rows.map((row) => (
              <tr key={row.key}>
                {row.cells.map((cell, index) => (
                  <td key={props.columns[index]} data-label={props.columns[index]}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

