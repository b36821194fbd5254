import { get } from "../api/rest";
import type { Trade } from "../api/types.gen";
import { useLoad } from "../api/use-load";
import { marketTime } from "../state/clock";
import { fills } from "../state/store";

const PAGE = "200";
const MOST_PAGES = 3;
const POLL_MS = 60_000;
const NONE: Trade[] = [];

interface Filter {
  model?: string | null;
  symbol?: string | null;
  /** How far back; null is as far as the pages reach. */
  spanMs?: number | null;
}

/** The newest pages of trades that reach back so far, at most three. */
async function read({ model = null, symbol = null, spanMs = null }: Filter): Promise<Trade[]> {
  const sinceMs = spanMs === null ? 0 : marketTime() - spanMs;
  const trades: Trade[] = [];
  let before: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer: { trades: Trade[]; next_before: string | null } = await get("/trades", {
      ...{ model, symbol, before },
      limit: PAGE,
    });
    trades.push(...answer.trades);
    before = answer.next_before;
    if (before === null || (answer.trades.at(-1)?.entry_time ?? 0) < sinceMs) break;
  }
  return trades;
}

/** The trades that charts mark, open ones too; asked for again when something was filled. */
export function useMarkedTrades(wanted: Filter): Trade[] {
  const key = `marks ${wanted.model ?? ""} ${wanted.symbol ?? ""} ${wanted.spanMs ?? ""}`;
  return useLoad(key, () => read(wanted), POLL_MS, fills.value).value ?? NONE;
}
