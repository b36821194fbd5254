import { get } from "../api";
import { clock, NONE, price, size } from "../format";
import { t } from "../i18n";
import { look } from "../models";
import { isOld, priceAge } from "../stale";
import { fills, sizeDecimals } from "../store";
import { ownersOf } from "../tape";
import type { Print } from "../types";
import { useLoad } from "./load";
import { ModelName } from "./model-name";

const PRINTS = 20;
const FILLS = 12;
const EVERY_MS = 1_000;

/** A model's marker alone; its name is for readers of the screen and on hover. */
function Owner({ model }: { model: string }) {
  const { name, marker } = look(model);
  return (
    <span class={`model ${model}`} title={name}>
      <span aria-hidden="true">{marker}</span>
      <span class="hidden">{name}</span>
    </span>
  );
}

function Row({ print, owners, decimals }: { print: Print | undefined; owners: string[]; decimals: number | undefined }) {
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
          <Owner key={model} model={model} />
        ))}
      </td>
    </tr>
  );
}

/** The market's newest trades; those that were a model's are marked. Its rows stand from the start, so nothing jumps. */
export function Tape({ symbol }: { symbol: string }) {
  const words = t();
  const { value, failed } = useLoad(
    `tape ${symbol}`,
    () => get<{ trades: Print[] }>(`tape/${symbol}`),
    EVERY_MS,
  );
  const owners = ownersOf(fills.value, symbol);
  const decimals = sizeDecimals(symbol);
  const isStale = failed || isOld(priceAge(symbol));
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

/** The models' own latest fills in one coin: in a busy market they soon leave the list above. */
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
