import { get } from "../api/rest";
import type { MarketTrade } from "../api/types.gen";
import { useLoad } from "../api/use-load";
import { coinInfo } from "../state/roster";
import { isOldPrice, priceAge } from "../state/stale";
import { fills } from "../state/store";
import { ModelName } from "../ui/model-name";
import { clock, NONE, price, size } from "../words/format";
import { t } from "../words/words";
import { ownersOf } from "./fill-owners";

const PRINTS = 20;
const FILLS = 12;
const POLL_MS = 1_000;

function Row({ print, owners, decimals }: { print: MarketTrade | undefined; owners: string[]; decimals: number | undefined }) {
  const words = t();
  const isBuy = print?.side === "BUY";
  return (
    <tr data-testid={print && "print"} data-id={print?.trade_id} class={owners.length ? "own" : undefined}>
      <td>{print ? clock(print.time_ms) : NONE}</td>
      <td class={print && (isBuy ? "gain" : "loss")}>
        {print && <span aria-hidden="true">{isBuy ? "▲ " : "▼ "}</span>}
        {print && <span class="hidden">{isBuy ? words.bought : words.sold} </span>}
        {print ? price(print.price) : NONE}
      </td>
      <td>{print ? size(print.size, decimals) : NONE}</td>
      <td>
        {owners.map((model) => (
          <ModelName key={model} model={model} isMarkOnly />
        ))}
      </td>
    </tr>
  );
}

/** The market's latest trades; contenders' own are marked. All rows stand from the start, so that nothing shifts. */
export function Tape({ symbol }: { symbol: string }) {
  const words = t();
  const { value, failed } = useLoad(
    `tape ${symbol}`,
    () => get("/tape/{symbol}", { symbol }),
    POLL_MS,
  );
  const owners = ownersOf(fills.value, symbol);
  const decimals = coinInfo(symbol)?.size_decimals;
  const isStale = failed || isOldPrice(priceAge(symbol));
  const rows = Array.from({ length: PRINTS }, (_, index) => value?.trades[index]);
  return (
    <section class="tape" aria-label={words.latestTrades}>
      <h2>
        {words.latestTrades} <span class="muted">{isStale ? words.stale : ""}</span>
      </h2>
      <table class={`prints ${isStale ? "stale" : ""}`}>
        <thead>
          <tr>
            <th scope="col">{words.time}</th>
            <th scope="col">{words.price}</th>
            <th scope="col">{words.size}</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {rows.map((print, index) => (
            <Row key={print ? index : `none ${index}`} print={print} owners={(print && owners.get(print.trade_id)) ?? []} decimals={decimals} />
          ))}
        </tbody>
      </table>
      {value?.trades.length === 0 && <p class="note">{words.noPrints}</p>}
    </section>
  );
}

/** The contenders' latest fills in one coin: in a busy market they soon leave the tape. */
export function ModelFills({ symbol }: { symbol: string }) {
  const words = t();
  const rows = fills.value.filter((row) => row.symbol === symbol).slice(0, FILLS);
  return (
    <section class="latest" aria-label={words.modelFills}>
      <h2>{words.modelFills}</h2>
      {rows.length === 0 && <p class="note">{words.noFills}</p>}
      <ul class="plain">
        {rows.map((row) => (
          <li key={row.id}>
            <span class="muted">{clock(row.time_ms).slice(0, 5)}</span> <ModelName model={row.model} />{" "}
            <span class={row.side === "BUY" ? "gain" : "loss"}>
              <span aria-hidden="true">{row.side === "BUY" ? "▲" : "▼"}</span>
              <span class="hidden">{row.side === "BUY" ? words.bought : words.sold}</span>
            </span>{" "}
            {size(row.size)} <span class="right">{price(row.price)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
