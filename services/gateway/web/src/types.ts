/** Rows as the gateway sends them: money as decimal strings, times in ms since 1970 UTC. */

export interface ModelStatus {
  model: string;
  name: string;
  provider_model: string;
  stand_in: boolean | null;
  trading_state: string;
  reasons: unknown[];
}

export interface SymbolInfo {
  symbol: string;
  price_decimals_hint: number;
  size_decimals: number;
  max_leverage: number;
}

export interface Status {
  mode: string;
  market: string;
  models: ModelStatus[];
  trading_state: string;
  time_ms: number;
  started_ms: number;
  decision_interval_s: number;
  start_balance: string;
  symbols: SymbolInfo[];
  has_control?: boolean;
  version: string;
}

export interface Price {
  price: string;
  mark_price: string;
  time_ms: number;
  prev_day_price?: string;
  funding_rate_hourly?: string;
}

export interface Account {
  model: string;
  equity: string;
  available_balance: string;
  margin_used: string;
  unrealized_pnl: string;
  total_notional: string;
  start_balance: string;
  return_percent: string;
  total_pnl: string;
  time_ms: number;
}

export interface Position {
  model: string;
  symbol: string;
  side: string;
  position_size: string;
  entry_price: string;
  mark_price: string;
  leverage: number;
  notional: string;
  unrealized_pnl: string;
  liquidation_price: string | null;
  initial_margin: string;
  stop_loss: string | null;
  take_profit: string | null;
  protected: boolean;
  opened_at: number | null;
  cycle_id: string | null;
}

export interface Trade {
  id: string;
  model: string;
  symbol: string;
  side: string;
  entry_price: string;
  exit_price: string | null;
  position_size: string;
  leverage: number | null;
  entry_time: number;
  exit_time: number | null;
  pnl: string | null;
  pnl_percent: string | null;
  fees: string;
  funding: string;
  status: string;
  close_reason: string | null;
  entry_notional: string;
  exit_notional: string | null;
  cycle_id: string | null;
}

export interface Fill {
  id: string;
  model: string;
  symbol: string;
  side: string;
  price: string;
  size: string;
  fee: string;
  closed_pnl: string;
  role: string;
  trade_id: number;
  time_ms: number;
}

export interface Decision {
  id: string;
  model: string;
  cycle_id: string;
  time_ms: number;
  outcome: string;
  action: string | null;
  symbol: string | null;
  leverage: number | null;
  position_size_percent: string | null;
  confidence: string | null;
  reasoning: string | null;
  executed: boolean;
  verdict: string;
  denial_code: string | null;
  failure_code: string | null;
  failure_reason: string | null;
  latency_ms: number | null;
  provider_model: string;
  stand_in: boolean;
}

export interface Rule {
  code: string;
  passed: boolean;
  value: string | null;
  limit: string | null;
  setting: string | null;
  detail: string | null;
}

export interface OrderRow {
  client_order_id: string;
  order_id: number | null;
  role: string;
  side: string | null;
  size: string | null;
  price: string | null;
  trigger_price: string | null;
  status: string;
  reason: string | null;
  time_ms: number;
}

export interface CoinSummary {
  symbol: string;
  mid_price: string;
  mark_price: string;
  prev_day_price: string;
  funding_rate_hourly: string;
  open_interest_coin: string;
  spread_bps: number | null;
  imbalance: number | null;
  series: Record<string, Record<string, number | null>>;
}

/** What both models were shown at one cycle's boundary. */
export interface SnapshotSummary {
  cycle_number: number;
  boundary_ms: number;
  partial: boolean;
  coins: CoinSummary[];
  sentiment: { fear_greed: number; classification: string } | null;
}

export interface DecisionDetail extends Decision {
  prompt: { system: string | null; user: string | null };
  raw_response: string | null;
  reasoning_content: string | null;
  strategy: string | null;
  prompt_hash: string | null;
  usage: { prompt_tokens: number; completion_tokens: number; cached_tokens: number } | null;
  cost_usd: string | null;
  stop_loss: string | null;
  take_profit: string | null;
  invalidation_condition: unknown;
  attempts: number;
  rules: Rule[];
  intent: Record<string, unknown> | null;
  orders: OrderRow[];
  fills: Fill[];
  previous_prompt?: { cycle_id: string; user: string | null } | null;
  snapshot?: SnapshotSummary | null;
  trade?: Trade | null;
}

export interface Candle {
  open_time_ms: number;
  open: string;
  high: string;
  low: string;
  close: string;
  volume: string;
  is_closed: boolean;
}

/** A model's figures: the leaderboard's and the model page's. Those that a server doesn't tell are missing. */
export interface LeaderboardRow {
  rank: number;
  model: string;
  account_value: string;
  return_percent: string;
  total_pnl: string;
  fees: string;
  funding: string;
  win_rate_percent: string | null;
  biggest_win: string | null;
  biggest_loss: string | null;
  sharpe: string | null;
  trades: number;
  sortino?: string | null;
  max_drawdown_percent?: string | null;
  profit_factor?: string | null;
  expectancy?: string | null;
  average_trade_notional?: string | null;
  median_trade_notional?: string | null;
  average_holding_ms?: number | string | null;
  median_holding_ms?: number | string | null;
  average_leverage?: string | null;
  median_leverage?: string | null;
  average_confidence?: string | null;
  median_confidence?: string | null;
  long_share_percent?: string | null;
  return_band_low_percent?: string | null;
  return_band_high_percent?: string | null;
  brier?: string | null;
  decisions?: number | null;
  prompt_tokens?: number | null;
  completion_tokens?: number | null;
  cost_usd?: string | null;
  average_latency_ms?: number | string | null;
}

export interface Benchmark {
  name: string;
  return_percent: string | null;
}

export interface Leaderboard {
  leaderboard: LeaderboardRow[];
  benchmarks?: Benchmark[];
}

export type Points = [number, string][];

export interface EquitySeries {
  model: string;
  start_balance: string;
  points: Points;
  drawdown?: Points;
}

export interface Equity {
  series: EquitySeries[];
  benchmarks?: { name: string; points: Points }[];
  start_balance: string;
}

export interface ModelStatistics {
  net_realized: string | null;
  time_long_percent: string | null;
  time_short_percent: string | null;
  time_flat_percent: string | null;
  residual: string | null;
  residual_percent: string | null;
  explorer_url: string | null;
}

export interface ModelAnswer {
  account: Account | null;
  trades: Trade[];
  totals: LeaderboardRow | null;
  statistics?: ModelStatistics | null;
}

export interface BookLevel {
  price: string;
  size: string;
}

export interface OrderBook {
  bids: BookLevel[];
  asks: BookLevel[];
}

/** One of the market's trades; side is the aggressor's. */
export interface Print {
  trade_id: number;
  time_ms: number;
  side: string;
  price: string;
  size: string;
}

export interface Alert {
  id: string;
  code: string;
  severity: string;
  service: string;
  model: string | null;
  message: string;
  time_ms: number;
}

export interface Operations {
  services: { name: string; ready: boolean; reason: string | null; started_ms: number | null; time_ms: number | null }[];
  streams: { stream: string; length: number; groups: { name: string; lag: number | null; pending: number }[] }[];
  latencies: { name: string; p50_ms: number | string | null; p99_ms: number | string | null; count: number }[];
  errors: { service: string; count: number; per_hour: string }[];
  alerts: Alert[];
  dead_letters: { stream: string; count: number }[];
  time_ms: number;
}
