import { get } from "../api/rest";
import { useLoad } from "../api/use-load";
import { coinInfo } from "../state/roster";
import { isOldPrice, priceAge } from "../state/stale";
import { compact, number, price, size } from "../words/format";
import { t } from "../words/words";
import { deepestOf, type Depth, depthOf, spreadBps } from "./depth";

const LEVELS = 10;
const POLL_MS = 1_000;

function Side({ rows, side, decimals }: { rows: (Depth | null)[]; side: "bid" | "ask"; decimals: number | undefined }) {
  return (
    <tbody class={side}>
      {rows.map((row, index) => (
        <tr key={row ? index : `none ${index}`}>
          <td>{row ? price(row.price) : "—"}</td>
          <td>{row ? size(row.size, decimals) : "—"}</td>
          <td>
            <span class="depth" style={{ width: `${((row?.share ?? 0) * 100).toFixed(1)}%` }} aria-hidden="true" />
            {row ? compact(row.total, 1) : "—"}
          </td>
        </tr>
      ))}
    </tbody>
  );
}

function padded(rows: Depth[]): (Depth | null)[] {
  return Array.from({ length: LEVELS }, (_, index) => rows[index] ?? null);
}

/** The book's best levels with their depth, asks above bids. */
export function Book({ symbol }: { symbol: string }) {
  const words = t();
  const { value, failed } = useLoad(`book ${symbol}`, () => get("/orderbook/{symbol}", { symbol }), POLL_MS);
  const { bids, asks } = value ?? { bids: [], asks: [] };
  const deepest = deepestOf([bids, asks], LEVELS);
  const isStale = failed || isOldPrice(priceAge(symbol));
  const decimals = coinInfo(symbol)?.size_decimals;
  const spread = spreadBps(bids[0]?.price, asks[0]?.price);
  return (
    <section class="book" aria-label={words.book}>
      <h2>
        {words.book} <span class="muted">{isStale ? words.stale : spread === null ? "—" : `${number(spread, 1)} bps`}</span>
      </h2>
      <table class={`depths ${isStale ? "stale" : ""}`}>
        <thead>
          <tr>
            <th scope="col">{words.price}</th>
            <th scope="col">{words.size}</th>
            <th scope="col">{words.total}</th>
          </tr>
        </thead>
        <Side rows={padded(depthOf(asks, LEVELS, deepest)).reverse()} side="ask" decimals={decimals} />
        <Side rows={padded(depthOf(bids, LEVELS, deepest))} side="bid" decimals={decimals} />
      </table>
    </section>
  );
}
