import { get } from "../api";
import { fills } from "../store";
import type { Trade } from "../types";
import { useLoad } from "./load";

const MOST = "200";
const EVERY_MS = 60_000;
const NONE: Trade[] = [];

/** The trades that charts mark, open ones too; asked for again when something was filled. */
export function useTradeMarks(filter: { model?: string | null; symbol?: string }): Trade[] {
  const { model = null, symbol = null } = filter;
  const load = (): Promise<{ trades: Trade[] }> => get("trades", { model, symbol, limit: MOST });
  return useLoad(`marks ${model ?? ""} ${symbol ?? ""}`, load, EVERY_MS, fills.value).value?.trades ?? NONE;
}
