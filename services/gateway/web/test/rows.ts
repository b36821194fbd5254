/** Rows for tests, with everything but the point filled in; a roster of three contenders and seven coins. */

import type { CoinInfo, Contender, Decision, Fill, Position, Roster, Trade } from "../src/api/types.gen";

const contender = (id: string, name: string, mark: Contender["mark"], color: string): Contender => ({
  ...{ id, name, mark, color, color_dark: color.toLowerCase() },
  ...{ model: null, provider: "deepseek" },
});
const coin = (symbol: string): CoinInfo => ({ symbol, price_decimals: 4, size_decimals: 2, max_leverage: 10 });

export const THREE_AND_SEVEN: Roster = {
  contenders: [
    contender("deepseek", "DeepSeek", "circle", "#2F5BEA"),
    contender("qwen", "Qwen", "diamond", "#B9500B"),
    contender("llama", "Llama", "square", "#7A3FB0"),
  ],
  coins: ["BTC", "ETH", "SOL", "BNB", "DOGE", "XRP", "HYPE"].map(coin),
};

export const T0 = 1_795_455_000_000;

export function trade(id: string, over: Partial<Trade> = {}): Trade {
  return {
    id,
    model: "qwen",
    symbol: "BTC",
    side: "LONG",
    entry_price: "100",
    exit_price: null,
    position_size: "1",
    open_size: "1",
    leverage: 5,
    entry_time: T0,
    exit_time: null,
    pnl: null,
    pnl_percent: null,
    fees: "0",
    funding: "0",
    status: "OPEN",
    close_reason: null,
    entry_notional: "100",
    exit_notional: null,
    stop_loss: null,
    take_profit: null,
    mae_percent: null,
    mfe_percent: null,
    cycle_id: null,
    exit_cycle_id: null,
    decision_id: null,
    ...over,
  };
}

export function fill(model: string, trade_id: number, symbol = "BTC"): Fill {
  return {
    id: `${model}:${trade_id}`,
    model,
    symbol,
    side: "BUY",
    price: "1",
    size: "1",
    fee: "0",
    closed_pnl: "0",
    role: "entry",
    order_id: 1,
    trade_id,
    cycle_id: null,
    time_ms: 1,
  };
}

export function position(model: string, symbol: string): Position {
  return {
    model,
    symbol,
    side: "LONG",
    position_size: "1",
    entry_price: "1",
    mark_price: "1",
    leverage: 5,
    notional: "1",
    unrealized_pnl: "0",
    liquidation_price: null,
    margin_used: "1",
    initial_margin: "1",
    stop_loss: null,
    take_profit: null,
    protected: true,
    funding: "0",
    opened_at: null,
    updated_at: 1,
    decision_id: null,
    cycle_id: null,
  };
}

/** A HOLD. */
export function decision(id: string, over: Partial<Decision> = {}): Decision {
  return {
    id,
    model: "qwen",
    cycle_id: id,
    time_ms: T0,
    outcome: "answered",
    action: "HOLD",
    symbol: null,
    leverage: null,
    position_size_percent: null,
    confidence: "70",
    reasoning: null,
    executed: false,
    verdict: "NONE",
    denial_code: null,
    failure_code: null,
    failure_reason: null,
    latency_ms: 500,
    provider_model: "m",
    stand_in: true,
    rules_judged: 0,
    failed_rules: [],
    leniencies: [],
    refused_answers: [],
    ...over,
  };
}
