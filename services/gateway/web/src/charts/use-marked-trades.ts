import { get } from "../api/rest";
import type { Trade } from "../api/types.gen";
import { useLoad } from "../api/use-load";
import { fills } from "../state/store";

const MAX_TRADES = "200";
const POLL_MS = 60_000;
const NONE: Trade[] = [];

/** The trades that charts mark, open ones too; asked for again when something was filled. */
export function useMarkedTrades(filter: { model?: string | null; symbol?: string }): Trade[] {
  const { model = null, symbol = null } = filter;
  const load = () => get("/trades", { model, symbol, limit: MAX_TRADES });
  return useLoad(`marks ${model ?? ""} ${symbol ?? ""}`, load, POLL_MS, fills.value).value?.trades ?? NONE;
}
