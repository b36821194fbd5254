/** The browser tab's title: the mode first, so that paper is never taken for money nor money for paper. */

import { lookOf } from "../state/roster";
import type { Words } from "../words/words";
import type { Route } from "./route";

export function titleOf(mode: string | undefined, route: Route, words: Words): string {
  const page = pageOf(route, words);
  return [mode, page, "AIcoin"].filter(Boolean).join(" · ");
}

function pageOf(route: Route, words: Words): string {
  switch (route.page) {
    case "live":
      return route.card ? `${lookOf(route.card.model).name} ${route.card.cycle}` : words.live;
    case "duel":
      return `${words.duel} ${route.cycle}`;
    case "model":
      return lookOf(route.model).name;
    case "embed":
      return route.part === "duel" ? words.duel : words.accountValue;
    case "trades":
      return words.tradesPage;
    case "missing":
      return "404";
    default:
      return words[route.page];
  }
}
