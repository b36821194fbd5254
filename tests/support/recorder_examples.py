"""Events for tests: decisions, approvals, fills and account states; a test names only the fields it is about."""

from decimal import Decimal
from typing import Any

from common.events import (
    AccountUpdated,
    Action,
    AgentDecision,
    BookSummary,
    CandleSeries,
    CoinSnapshot,
    Decision,
    Event,
    IntentKind,
    MarketSnapshot,
    OrderFilled,
    OrderIntent,
    OrderRole,
    Outcome,
    Prompt,
    RiskApproved,
    RuleResult,
    Sentiment,
    TokenUsage,
    TradeFlow,
    derive,
    originate,
)
from common.trading.instruments import Symbol
from common.trading.orders import OrderSide

ONE = Decimal(1)
NOT_COMPUTED_AGAIN = """
    INSERT INTO btc_hours VALUES (1700000000000, 1700003599000, 35000.5);
    INSERT INTO position_extremes VALUES ('qwen', 'an intent', 91500.5, 89000.25);
    UPDATE trades SET exit_cycle_id = 'the cycle of a plan' WHERE exit_ms IS NOT NULL;
    UPDATE commands SET symbol = 'ETH';
    INSERT INTO decision_results VALUES ('a decision', 60, 'qwen', 1700000000500, 0.75);
    INSERT INTO duel_hours VALUES (1700000000000, 'deepseek', 'qwen', 60, 9, 8, 7, 6, 5, 3, 2);
    INSERT INTO result_hours VALUES (1700000000000, 'qwen', 60, 5, 3, 1.25);
"""
"""What no other row shows, of times whose prices and decisions are no longer kept."""


def decided(
    model: str,
    cycle_id: str,
    time_ms: int,
    *,
    action: Action = Action.LONG,
    symbol: Symbol = Symbol.BTC,
    confidence: Decimal = Decimal(72),
    tokens: int = 100,
    cost_usd: Decimal = Decimal("0.001"),
    latency_ms: int = 500,
) -> Event[AgentDecision]:
    """An answered decision."""
    decision = Decision(
        action=action,
        symbol=symbol,
        leverage=5,
        position_size_percent=Decimal(10),
        confidence=confidence,
        reasoning="because",
    )
    payload = AgentDecision(
        model=model,
        outcome=Outcome.ANSWERED,
        decision=decision,
        failure_code=None,
        failure_reason=None,
        snapshot_id=f"snapshot {cycle_id}",
        boundary_ms=time_ms,
        snapshot_mid_prices={symbol: ONE},
        prompt=Prompt(system="s", user=f"u {cycle_id}", strategy="trend-v2", strategy_hash="h", prompt_hash="p"),
        raw_response="{}",
        reasoning_content=None,
        dropped_keys=(),
        attempts=1,
        provider_model="m",
        stand_in=True,
        usage=TokenUsage(prompt_tokens=tokens, completion_tokens=tokens // 10, cached_tokens=0),
        cost_usd=cost_usd,
        asked_ms=time_ms,
        answered_ms=time_ms + latency_ms,
        latency_ms=latency_ms,
    )
    return originate(payload, keys=(cycle_id, model), time_ms=time_ms, now_ms=time_ms + latency_ms, cycle_id=cycle_id)


def approved(
    decision: Event[AgentDecision], *, leverage: int = 5, intent_kind: IntentKind = IntentKind.ENTRY
) -> Event[RiskApproved]:
    """The approval of a decision, 3 ms after it."""
    answer = decision.data.decision
    assert answer is not None and answer.symbol is not None  # noqa: PT018 - made by `decided`
    intent = OrderIntent(
        symbol=answer.symbol,
        side=OrderSide.BUY if answer.action is Action.LONG else OrderSide.SELL,
        size_coin=ONE,
        limit_price=ONE,
        reduce_only=intent_kind is not IntentKind.ENTRY,
        leverage=leverage,
        mark_price=ONE,
        notional_usd=ONE,
        initial_margin_usd=ONE,
        stop_loss_price=None,
        take_profit_price=None,
        valid_until_ms=None,
    )
    rules = (RuleResult(code="LEVERAGE", passed=True, value="5", limit="11", setting="MAX_LEVERAGE"),)
    payload = RiskApproved(
        model=decision.data.model, intent_kind=intent_kind, decision_id=decision.id, intent=intent, rules=rules
    )
    return derive(decision, payload, decision.recorded_ms + 3)


def filled(
    model: str,
    symbol: Symbol,
    trade_id: int,
    time_ms: int,
    signed_size: Decimal,
    price: Decimal,
    start_position: Decimal,
    *,
    fee: Decimal = Decimal(0),
    closed_pnl: Decimal = Decimal(0),
    role: OrderRole = OrderRole.ENTRY,
    is_liquidation: bool = False,
    intent: Event[RiskApproved] | None = None,
) -> Event[OrderFilled]:
    """One fill; bought positive."""
    payload = OrderFilled(
        model=model,
        intent_id=intent.id if intent else None,
        client_order_id=None,
        order_id=trade_id,
        trade_id=trade_id,
        symbol=symbol,
        role=role,
        side=OrderSide.BUY if signed_size > 0 else OrderSide.SELL,
        price=price,
        size_coin=abs(signed_size),
        fee_usd=fee,
        closed_pnl_usd=closed_pnl,
        start_position_coin=start_position,
        direction="",
        crossed=True,
        is_liquidation=is_liquidation,
    )
    return originate(
        payload,
        keys=(model, symbol, trade_id, time_ms),
        time_ms=time_ms,
        now_ms=time_ms + 20,
        cycle_id=intent.cycle_id if intent else None,
        cause_id=intent.id if intent else None,
    )


def state(model: str, time_ms: int, equity: Decimal, **changes: Any) -> Event[AccountUpdated]:
    """An account's state without positions; `changes` replaces fields."""
    figures: dict[str, Any] = {
        "balance_usd": equity,
        "available_balance_usd": equity,
        "margin_used_usd": Decimal(0),
        "maintenance_margin_usd": Decimal(0),
        "unrealized_pnl_usd": Decimal(0),
        "total_notional_usd": Decimal(0),
        "positions": (),
    } | changes
    payload = AccountUpdated(
        model=model,
        address=f"0x{model}",
        equity_usd=equity,
        open_orders=(),
        covers=(),
        open_intents=(),
        state_ms=time_ms,
        received_ms=time_ms,
        **figures,
    )
    return originate(payload, keys=(model, time_ms), time_ms=time_ms, now_ms=time_ms)


def snapshot(cycle_id: str, time_ms: int, mids: dict[Symbol, Decimal]) -> Event[MarketSnapshot]:
    """A market snapshot with these mid prices."""
    payload = MarketSnapshot(
        run_id="r",
        cycle_number=time_ms // 60_000,
        boundary_ms=time_ms,
        interval_s=60,
        missed_cycles=0,
        partial=False,
        coins={symbol: _coin(symbol, mid, time_ms) for symbol, mid in mids.items()},
        sentiment=Sentiment(fear_greed=40, time_ms=time_ms),
    )
    return originate(payload, keys=(cycle_id,), time_ms=time_ms, now_ms=time_ms, cycle_id=cycle_id)


def _coin(symbol: Symbol, mid: Decimal, time_ms: int) -> CoinSnapshot:
    series = CandleSeries(
        interval="1h",
        open_times_ms=(time_ms,),
        opens=(1.0,),
        highs=(1.0,),
        lows=(1.0,),
        closes=(float(mid),),
        volumes=(1.0,),
        is_last_closed=True,
        ema20=(1.5,),
        ema50=(),
        macd=(),
        rsi7=(),
        rsi14=(55.0,),
        atr3=None,
        atr14=2.0,
        volume_average=None,
    )
    book = BookSummary(
        time_ms=time_ms,
        best_bid_price=mid,
        best_ask_price=mid,
        spread_bps=1.0,
        bid_depth_usd=1.0,
        ask_depth_usd=1.0,
        imbalance=0.0,
    )
    return CoinSnapshot(
        symbol=symbol,
        mid_price=mid,
        mark_price=mid,
        oracle_price=mid,
        prev_day_price=mid,
        day_volume_usd=ONE,
        funding_rate_hourly=Decimal("0.0000125"),
        premium=None,
        open_interest_coin=ONE,
        open_interest_average_coin=None,
        max_leverage=20,
        book=book,
        flow=TradeFlow(window_s=60, buy_usd=1.0, sell_usd=1.0, trade_count=2),
        series={"1h": series},
    )
