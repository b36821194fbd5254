/** Made from the OpenAPI document by `python -m gateway.rest.typescript`; do not edit.
 *
 * Money is a decimal string, a time is in ms since 1970 UTC. */

export type ContenderId = string;

export type Coin = string;

export type Side = "LONG" | "SHORT";

export type OrderSide = "BUY" | "SELL";

export type OrderRole = "entry" | "exit" | "stop" | "target" | "flatten" | "unknown";

export type Action = "LONG" | "SHORT" | "CLOSE" | "HOLD";

export type Interval = "1m" | "5m" | "15m" | "1h" | "4h" | "1d";

export type TradingState = "ACTIVE" | "REDUCING" | "HALTED";

export type Mode = "PAPER" | "TESTNET" | "MAINNET";

export type Market = "LIVE" | "CAPTURE" | "SIMULATED" | "UNKNOWN";

/** A statistic; null while undefined. */
export type Figure = string | number | null;

/** Time and value. */
export type Point = [number, string];

export type Price = {
  symbol: Coin;
  price: string;
  mark_price: string;
  oracle_price: string;
  prev_day_price: string;
  day_volume_usd: string;
  funding_rate_hourly: string;
  open_interest: string;
  time_ms: number;
};

export type Candle = {
  open_time_ms: number;
  close_time_ms: number;
  open: string;
  high: string;
  low: string;
  close: string;
  volume: string;
  trade_count: number;
  is_closed: boolean;
  time_ms: number;
};

export type BookLevel = {
  price: string;
  size: string;
};

export type OrderBook = {
  symbol: Coin;
  time_ms: number;
  bids: BookLevel[];
  asks: BookLevel[];
};

export type MarketTrade = {
  trade_id: number;
  time_ms: number;
  side: OrderSide;
  price: string;
  size: string;
};

export type CoinSummary = {
  symbol: string;
  mid_price: string;
  mark_price: string;
  oracle_price: string;
  prev_day_price: string;
  day_volume_usd: string;
  funding_rate_hourly: string;
  premium: number | null;
  open_interest_coin: string;
  open_interest_average_coin: number | null;
  spread_bps: number | null;
  imbalance: number | null;
  flow: {
    window_s: number;
    buy_usd: number;
    sell_usd: number;
  };
  series: Record<string, Record<string, number | null>>;
};

export type Sentiment = {
  fear_greed: number;
  classification: string;
  time_ms: number;
};

export type MarketSummary = {
  cycle_number: number;
  boundary_ms: number;
  partial: boolean;
  missed_cycles: number;
  sentiment: Sentiment | null;
  coins: CoinSummary[];
};

export type Account = {
  model: string;
  address: string;
  mode: string;
  equity: string;
  balance: string;
  available_balance: string;
  margin_used: string;
  unrealized_pnl: string;
  total_notional: string;
  margin_ratio: string;
  start_balance: string;
  return_percent: string | null;
  time_ms: number;
  total_pnl: string;
};

export type Position = {
  model: string;
  symbol: string;
  side: Side;
  position_size: string;
  entry_price: string;
  mark_price: string;
  leverage: number;
  notional: string;
  unrealized_pnl: string;
  liquidation_price: string | null;
  margin_used: string;
  initial_margin: string;
  stop_loss: string | null;
  take_profit: string | null;
  protected: boolean | null;
  funding: string;
  opened_at: number | null;
  updated_at: number;
  decision_id: string | null;
  cycle_id: string | null;
};

export type Trade = {
  id: string;
  model: string;
  symbol: string;
  side: Side;
  entry_price: string;
  exit_price: string | null;
  position_size: string;
  open_size: string;
  leverage: number | null;
  entry_time: number;
  exit_time: number | null;
  pnl: string | null;
  pnl_percent: string | null;
  fees: string;
  funding: string;
  close_reason: string | null;
  entry_notional: string;
  exit_notional: string | null;
  stop_loss: string | null;
  take_profit: string | null;
  mae_percent: string | null;
  mfe_percent: string | null;
  cycle_id: string | null;
  exit_cycle_id: string | null;
  decision_id: string | null;
  status: "OPEN" | "CLOSED" | "LIQUIDATED";
};

export type Fill = {
  id: string;
  model: string;
  symbol: string;
  side: OrderSide;
  price: string;
  size: string;
  fee: string;
  closed_pnl: string;
  role: OrderRole;
  order_id: number;
  trade_id: number;
  cycle_id: string | null;
  time_ms: number;
};

export type Order = {
  client_order_id: string;
  order_id: number | null;
  model: string;
  intent_id: string | null;
  symbol: string;
  role: OrderRole;
  side: OrderSide | null;
  size: string | null;
  price: string | null;
  trigger_price: string | null;
  status: string;
  reason: string | null;
  time_ms: number;
};

export type Moment = {
  time_ms: number;
  prices: Price[];
  accounts: Account[];
  positions: Position[];
  benchmarks: Benchmark[];
};

export type TokenUsage = {
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens: number;
};

export type Invalidation = {
  timeframe: Interval;
  value: number;
  indicator: "close" | "ema20" | "ema50" | "macd" | "rsi7" | "rsi14";
  op: "<" | "<=" | ">" | ">=";
};

export type RefusedAnswer = {
  code: string;
  reason: string;
};

export type IgnoredStop = {
  asked_price: string;
  used_price: string;
  mark_price: string;
  field: "stop_loss" | "take_profit";
  reason: "wrong_side" | "too_far" | "too_near";
};

export type RuleResult = {
  code: string;
  passed: boolean;
  value: string | null;
  limit: string | null;
  setting: string | null;
  detail: string | null;
};

export type OrderIntent = {
  symbol: string;
  side: OrderSide;
  size_coin: string;
  limit_price: string;
  reduce_only: boolean;
  leverage: number | null;
  mark_price: string;
  notional_usd: string;
  initial_margin_usd: string;
  stop_loss_price: string | null;
  take_profit_price: string | null;
  valid_until_ms: number | null;
  invalidation_condition: Invalidation | null;
  watched_after_ms: number | null;
};

export type Decision = {
  id: string;
  model: string;
  cycle_id: string;
  time_ms: number;
  action: Action | null;
  symbol: string | null;
  leverage: number | null;
  position_size_percent: string | null;
  confidence: string | null;
  reasoning: string | null;
  executed: boolean;
  denial_code: string | null;
  failure_code: string | null;
  failure_reason: string | null;
  latency_ms: number | null;
  provider_model: string;
  stand_in: boolean;
  rules_judged: number;
  outcome: "answered" | "invalid" | "failed" | "skipped";
  verdict: "NONE" | "APPROVED" | "DENIED";
  failed_rules: RuleResult[];
  leniencies: string[];
  refused_answers: RefusedAnswer[];
};

export type DecisionDetail = {
  id: string;
  model: string;
  cycle_id: string;
  time_ms: number;
  action: Action | null;
  symbol: string | null;
  leverage: number | null;
  position_size_percent: string | null;
  confidence: string | null;
  reasoning: string | null;
  executed: boolean;
  denial_code: string | null;
  failure_code: string | null;
  failure_reason: string | null;
  latency_ms: number | null;
  provider_model: string;
  stand_in: boolean;
  rules_judged: number;
  outcome: "answered" | "invalid" | "failed" | "skipped";
  verdict: "NONE" | "APPROVED" | "DENIED";
  failed_rules: RuleResult[];
  leniencies: string[];
  refused_answers: RefusedAnswer[];
  stop_loss: string | null;
  take_profit: string | null;
  invalidation_condition: Invalidation | null;
  intent: OrderIntent | null;
  trade: Trade | null;
  rules: RuleResult[];
  ignored_stops: IgnoredStop[];
  orders: Order[];
  fills: Fill[];
  raw_response: string | null;
  reasoning_content: string | null;
  strategy: string | null;
  strategy_hash: string | null;
  prompt_hash: string | null;
  usage: TokenUsage | null;
  cost_usd: string | null;
  attempts: number;
  snapshot: MarketSummary | null;
  dropped_keys: string[];
  prompt: {
    system: string | null;
    user: string | null;
  };
  previous_prompt: {
    cycle_id: string;
    user: string | null;
  } | null;
};

export type CycleDecision = {
  id: string;
  model: string;
  cycle_id: string;
  time_ms: number;
  action: Action | null;
  symbol: string | null;
  leverage: number | null;
  position_size_percent: string | null;
  confidence: string | null;
  reasoning: string | null;
  executed: boolean;
  denial_code: string | null;
  failure_code: string | null;
  failure_reason: string | null;
  latency_ms: number | null;
  provider_model: string;
  stand_in: boolean;
  rules_judged: number;
  outcome: "answered" | "invalid" | "failed" | "skipped";
  verdict: "NONE" | "APPROVED" | "DENIED";
  failed_rules: RuleResult[];
  leniencies: string[];
  refused_answers: RefusedAnswer[];
  stop_loss: string | null;
  take_profit: string | null;
  invalidation_condition: Invalidation | null;
  intent: OrderIntent | null;
  trade: Trade | null;
  rules: RuleResult[];
  ignored_stops: IgnoredStop[];
  orders: Order[];
  fills: Fill[];
  results: {
    minutes: number;
    result_percent: string | null;
  }[];
};

export type PriceMove = {
  symbol: string;
  price: string;
  later: {
    minutes: number;
    time_ms: number | null;
    later_price: string | null;
    change_percent: string | null;
  }[];
};

export type Cycle = {
  cycle_id: string;
  time_ms: number;
  previous_cycle: string | null;
  next_cycle: string | null;
  snapshot: MarketSummary | null;
  decisions: CycleDecision[];
  moves: PriceMove[];
};

export type Duel = {
  model: string;
  rival: string;
  minutes: number;
  cycles: number;
  agreed: number;
  acted: number;
  acted_agreed: number;
  known: number;
  model_right: number;
  rival_right: number;
};

export type ResultSum = {
  model: string;
  minutes: number;
  results: number;
  results_right: number;
  average_result_percent: string;
};

export type CalibrationBucket = {
  from_percent: number;
  trades: number;
  trades_won: number;
  average_confidence: string;
};

export type LeaderboardRow = {
  rank: number;
  model: string;
  equity: string;
  account_value: string;
  return_percent: string | null;
  total_pnl: string;
  fees: string;
  funding: string;
  win_rate_percent: string | null;
  sharpe: string | null;
  max_drawdown_percent: string | null;
  trades: number;
  btc_hours: number;
  btc_excess_percent: string | null;
  btc_excess_low_percent: string | null;
  btc_excess_high_percent: string | null;
} & Record<string, Figure>;

export type ModelStatistics = {
  net_realized: string | null;
  time_long_percent: string | null;
  time_short_percent: string | null;
  time_flat_percent: string | null;
  residual: string | null;
  residual_percent: string | null;
  explorer_url: string | null;
} & Record<string, Figure>;

export type CoinResult = {
  model: string;
  symbol: string;
  trades: number;
  trades_won: number;
  pnl: string;
  fees: string;
  funding: string;
};

export type Gauge = {
  used: string | null;
  limit: string | null;
  name: "daily_loss_percent" | "drawdown_percent" | "entries_today" | "open_positions" | "gross_exposure_ratio" | "day_cost_usd";
};

export type Lead = {
  model: string;
  since_ms: number;
  until_ms: number | null;
};

export type Benchmark = {
  return_percent: string;
  name: "btc_hold" | "equal_weight";
};

export type EquitySeries = {
  model: string;
  start_balance: string;
  has_left: boolean;
  points: Point[];
  returns: Point[];
  drawdown: Point[];
};

export type BenchmarkSeries = {
  name: "btc_hold" | "equal_weight";
  points: Point[];
};

export type Contender = {
  id: ContenderId;
  name: string;
  model: string | null;
  color: string;
  color_dark: string;
  provider: "deepseek" | "dashscope";
  mark: "circle" | "diamond" | "square" | "triangle";
};

export type CoinInfo = {
  symbol: Coin;
  price_decimals: number;
  size_decimals: number;
  max_leverage: number;
};

export type Roster = {
  contenders: Contender[];
  coins: CoinInfo[];
};

export type ModelStatus = {
  model: ContenderId;
  name: string;
  provider_model: string | null;
  stand_in: boolean | null;
  account_mode: string | null;
  trading_state: TradingState;
  reasons: string[];
};

export type Halt = {
  model: string | null;
  reason: string;
  author: string | null;
  since_ms: number;
  until_ms: number | null;
  detail: string;
};

export type SymbolInfo = {
  symbol: Coin;
  price_decimals_hint: number;
  size_decimals: number;
  max_leverage: number;
};

export type Status = {
  mode: Mode;
  market: Market;
  trading_state: TradingState;
  time_ms: number;
  started_ms: number;
  decision_interval_s: number;
  start_balance: string;
  has_control: boolean;
  clock_ahead_ms: number | null;
  version: string;
  market_ms: number | null;
  market_speed: number;
  models: ModelStatus[];
  halts: Halt[];
  symbols: SymbolInfo[];
  record: {
    chain: string;
    sequence: number;
    link: string;
  }[];
};

export type Service = {
  name: string;
  ready: boolean;
  reason: string | null;
  started_ms: number | null;
  time_ms: number | null;
  state: "READY" | "STARTING" | "NOT_READY" | "SILENT";
};

export type Stream = {
  stream: string;
  length: number;
  groups: {
    name: string;
    lag: number | null;
    pending: number;
  }[];
};

export type Alert = {
  id: string;
  code: string;
  service: string;
  model: string | null;
  message: string;
  time_ms: number;
  severity: "info" | "warning" | "critical";
};

export type Operations = {
  time_ms: number;
  services: Service[];
  streams: Stream[];
  latencies: {
    name: string;
    p50_ms: number | null;
    p99_ms: number | null;
    count: number;
  }[];
  errors: {
    service: string;
    count: number;
    per_hour: string;
  }[];
  alerts: Alert[];
  dead_letters: {
    stream: string;
    count: number;
  }[];
};

export type Error = {
  error: {
    code: string;
    message: string;
  };
};

export type ClockReading = {
  time_ms: number;
  market_ms: number | null;
  market_speed: number;
};

export type Hello = {
  epoch: number;
  time_ms: number;
  market_ms: number | null;
  market_speed: number;
  channel: "hello";
};

export type Clock = {
  time_ms: number;
  market_ms: number | null;
  market_speed: number;
  channel: "clock";
};

export type Channel = "price_update" | "trade_executed" | "position_update" | "ai_decision" | "account_update";

export type PriceUpdate = {
  prices: Record<string, {
    price: string;
    mark_price: string;
    time_ms: number;
  }>;
};

export type PriceSnapshot = {
  snapshot: true;
  prices: Record<string, Price>;
};

export type FillSnapshot = {
  snapshot: true;
  fills: Fill[];
};

export type PositionUpdate = {
  model: string;
  positions: Position[];
};

export type PositionSnapshot = {
  snapshot: true;
  positions: Position[];
};

export type DecisionSnapshot = {
  snapshot: true;
  decisions: Decision[];
};

export type AccountSnapshot = {
  snapshot: true;
  accounts: Account[];
};

/** What /ws sends on a channel: a snapshot after a subscription, then one message per change. */
export type Push = {
  seq: number;
  time_ms: number;
  channel: "price_update";
  data: PriceUpdate | PriceSnapshot;
} | {
  seq: number;
  time_ms: number;
  channel: "trade_executed";
  data: Fill | FillSnapshot;
} | {
  seq: number;
  time_ms: number;
  channel: "position_update";
  data: PositionUpdate | PositionSnapshot;
} | {
  seq: number;
  time_ms: number;
  channel: "ai_decision";
  data: Decision | DecisionSnapshot;
} | {
  seq: number;
  time_ms: number;
  channel: "account_update";
  data: Account | AccountSnapshot;
};

export type ControlRequest = {
  model?: ContenderId | null;
  symbol?: Coin | null;
  side?: Side | null;
  cycle_id?: string | null;
  halt?: boolean;
  reason?: string;
};

export type ControlAccepted = {
  model: ContenderId | null;
  id: string;
  accepted: "halt" | "resume" | "flatten" | "close";
};

export type AlertsAccepted = {
  accepted: number;
};

/** What each GET path under /api/v1 returns. */
export interface Responses {
  "/status": Status;
  "/roster": Roster;
  "/prices": {
    time_ms: number;
    prices: Record<string, Price>;
  };
  "/candles": {
    symbol: Coin;
    interval: Interval;
    candles: Candle[];
  };
  "/orderbook/{symbol}": OrderBook;
  "/tape/{symbol}": {
    symbol: Coin;
    time_ms: number | null;
    trades: MarketTrade[];
  };
  "/accounts": {
    accounts: Account[];
  };
  "/positions": {
    positions: Position[];
  };
  "/trades": {
    next_before: string | null;
    trades: Trade[];
  };
  "/trades/groups": {
    time_ms: number;
    coins: {
      symbol: string;
      trades: number;
      trades_won: number;
      pnl: string;
      fees: string;
      funding: string;
    }[];
    days: {
      day_ms: number;
      trades: number;
      trades_won: number;
      pnl: string;
      fees: string;
      funding: string;
    }[];
    hours: {
      weekday: number;
      hour: number;
      trades: number;
      trades_won: number;
      pnl: string;
      fees: string;
      funding: string;
    }[];
    histogram: {
      from_percent: number;
      trades: number;
      trades_won: number;
      pnl: string;
      fees: string;
      funding: string;
    }[];
  };
  "/decisions": {
    next_before: string | null;
    decisions: Decision[];
  };
  "/decisions/{cycle_id}/{model}": DecisionDetail;
  "/cycles/{cycle_id}": Cycle;
  "/duels": {
    time_ms: number;
    duels: Duel[];
    results: ResultSum[];
    calibrations: {
      model: string;
      buckets: CalibrationBucket[];
    }[];
  };
  "/equity": {
    start_balance: string;
    series: EquitySeries[];
    benchmarks: BenchmarkSeries[];
  };
  "/leaderboard": {
    time_ms: number;
    leaderboard: LeaderboardRow[];
    benchmarks: Benchmark[];
    coins: CoinResult[];
  };
  "/leads": {
    time_ms: number;
    leads: Lead[];
    hours: {
      model: string | null;
      hours: number;
    }[];
  };
  "/limits": {
    time_ms: number;
    models: {
      model: ContenderId;
      gauges: Gauge[];
    }[];
  };
  "/models/{model}": {
    model: ContenderId;
    account: Account | null;
    totals: LeaderboardRow | null;
    statistics: ModelStatistics;
    positions: Position[];
    trades: Trade[];
  };
  "/operations": Operations;
  "/readme": {
    lang: string;
    text: string;
  };
  "/replay": {
    first_ms: number | null;
    last_ms: number | null;
  };
  "/replay/moments": {
    moments: Moment[];
  };
  "/openapi.json": Record<string, unknown>;
  "/logs": {
    time_ms: number;
    services: {
      name: string;
      lines: string[];
    }[];
  };
}
