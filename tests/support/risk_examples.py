"""One healthy decision with everything it is judged by; each part is changed by its name."""

from decimal import Decimal
from typing import Any

from common.events import (
    AccountPosition,
    AccountUpdated,
    Action,
    AgentDecision,
    CandleSeries,
    CoinSnapshot,
    Decision,
    Event,
    IntentKind,
    Invalidation,
    MarketSnapshot,
    MarketTick,
    OrderAccepted,
    OrderCancelled,
    OrderRole,
    Outcome,
    TradeFlow,
    originate,
)
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from common.trading.limits import Limits
from common.trading.orders import OrderSide, Side
from risk.gate.gate_input import GateInput, Market, Snapshot
from support.account_examples import account_event, account_state

NOW_MS = 1_790_000_000_000
MARKS = dict.fromkeys(Symbol, Decimal(10)) | {
    Symbol.BTC: Decimal(100_000),
    Symbol.ETH: Decimal(4_000),
    Symbol.SOL: Decimal(200),
    Symbol.BNB: Decimal(1_000),
    Symbol.DOGE: Decimal("0.2"),
    Symbol.XRP: Decimal("2.5"),
    Symbol.HYPE: Decimal(40),
}


def a_decision(**changes: Any) -> Decision:
    """A LONG on BTC: a tenth of equity as margin at 5x, confidence 75."""
    asked: dict[str, Any] = {
        "action": Action.LONG,
        "symbol": Symbol.BTC,
        "leverage": 5,
        "position_size_percent": Decimal(10),
        "confidence": Decimal(75),
        "reasoning": "test",
    }
    return Decision(**(asked | changes))


def a_market(mark_price: Decimal = MARKS[Symbol.BTC], **changes: Any) -> Market:
    """A tick of just now whose mid equals its mark."""
    seen: dict[str, Any] = {
        "mark_price": mark_price,
        "mid_price": mark_price,
        "mark_received_ms": NOW_MS - 100,
        "book_received_ms": NOW_MS - 100,
        "time_ms": NOW_MS - 100,
        "recorded_ms": NOW_MS - 50,
    }
    return Market(**(seen | changes))


def a_position(symbol: Symbol = Symbol.ETH, side: Side = Side.LONG, **changes: Any) -> AccountPosition:
    """A protected position of $1,000 at the coin's mark, 5x, its stop 5 % away."""
    mark = changes.pop("mark_price", MARKS[symbol])
    size = changes.pop("size_coin", Decimal(1_000) / mark)
    held: dict[str, Any] = {
        "symbol": symbol,
        "side": side,
        "size_coin": size,
        "entry_price": mark,
        "mark_price": mark,
        "leverage": 5,
        "is_isolated": True,
        "notional_usd": size * mark,
        "unrealized_pnl_usd": Decimal(0),
        "margin_used_usd": size * mark / 5,
        "liquidation_price": None,
        "funding_since_open_usd": Decimal(0),
        "stop_loss_price": mark * (1 - side.sign * Decimal("0.05")),
        "take_profit_price": mark * (1 + side.sign * Decimal("0.1")),
        "protected": True,
        "intent_id": f"intent-{symbol}",
        "cycle_id": "cycle-0",
        "opened_ms": NOW_MS - 600_000,
    }
    return AccountPosition(**(held | changes))


def an_account(*positions: AccountPosition, model: str = "deepseek", **changes: Any) -> AccountUpdated:
    """An account of $10,000 equity, read a second ago."""
    return account_state(*positions, model=model, **({"at_ms": NOW_MS - 1_000} | changes))


def healthy_input(**changes: Any) -> GateInput:
    """An input that passes every rule; `limits` takes a dict of changed limits."""
    decision = changes.pop("decision", None) or a_decision()
    intent_kind = IntentKind.EXIT if decision.action is Action.CLOSE else IntentKind.ENTRY
    mark = MARKS[decision.symbol] if decision.symbol is not None else MARKS[Symbol.BTC]
    values: dict[str, Any] = {
        "limits": Limits(**changes.pop("limits", {})),
        "now_ms": NOW_MS,
        "market_ms": NOW_MS,
        "model": "deepseek",
        "intent_kind": intent_kind,
        "decision": decision,
        "answered_ms": NOW_MS - 500,
        "snapshot": Snapshot(NOW_MS - 5_000, mark),
        "market": a_market(mark),
        "account": an_account(),
        "marks": MARKS,
        "day_start_equity_usd": Decimal(10_000),
        "high_water_usd": Decimal(10_000),
    }
    return GateInput(**(values | changes))


def a_tick_event(symbol: Symbol = Symbol.BTC, *, mark_price: Decimal | None = None, at_ms: int) -> Event[MarketTick]:
    """A tick whose exchange time and wall times are all `at_ms`."""
    mark = MARKS[symbol] if mark_price is None else mark_price
    tick = MarketTick(
        symbol=symbol,
        mid_price=mark,
        mark_price=mark,
        oracle_price=mark,
        best_bid_price=mark,
        best_ask_price=mark,
        prev_day_price=mark,
        day_volume_usd=Decimal(0),
        funding_rate_hourly=Decimal(0),
        open_interest_coin=Decimal(0),
        mark_received_ms=at_ms,
        book_received_ms=at_ms,
    )
    return originate(tick, keys=(symbol, at_ms), time_ms=at_ms, now_ms=at_ms)


def a_decision_event(
    decision: Decision | None, *, cycle: str, at_ms: int, model: str = "deepseek", mark_price: Decimal | None = None
) -> Event[AgentDecision]:
    """A model's answer of `at_ms` to a snapshot of a second before."""
    prices = dict(MARKS)
    if decision is not None and decision.symbol is not None and mark_price is not None:
        prices[decision.symbol] = mark_price
    answer = AgentDecision(
        model=model,
        outcome=Outcome.INVALID if decision is None else Outcome.ANSWERED,
        decision=decision,
        failure_code=None,
        failure_reason=None,
        snapshot_id=f"snapshot-{cycle}",
        boundary_ms=at_ms,
        snapshot_mid_prices=prices,
        prompt=None,
        raw_response=None,
        reasoning_content=None,
        dropped_keys=(),
        attempts=1,
        provider_model="test",
        stand_in=True,
        usage=None,
        cost_usd=None,
        asked_ms=at_ms - 1_000,
        answered_ms=at_ms,
        latency_ms=1_000,
    )
    return originate(answer, keys=(model, cycle), time_ms=at_ms, now_ms=at_ms, cycle_id=cycle)


def an_account_event(account: AccountUpdated, *, at_ms: int) -> Event[AccountUpdated]:
    """An account state of `at_ms`, exchange and wall time alike."""
    return account_event(account.model_copy(update={"state_ms": at_ms, "received_ms": at_ms}))


def an_accepted_event(intent_id: str, *, at_ms: int) -> Event[OrderAccepted]:
    """An entry's acceptance, as the executor publishes it at wall time `at_ms`."""
    payload = OrderAccepted(
        model="deepseek",
        intent_id=intent_id,
        client_order_id="0x",
        order_id=1,
        symbol=Symbol.BTC,
        role=OrderRole.ENTRY,
        side=OrderSide.BUY,
        size_coin=Decimal(1),
        price=Decimal(1),
        trigger_price=None,
        reduce_only=False,
        status="filled",
    )
    return originate(payload, keys=(intent_id,), time_ms=at_ms, now_ms=at_ms)


def a_cancelled_event(intent_id: str, reason: str, *, filled: int = 0, at_ms: int) -> Event[OrderCancelled]:
    """An entry's end with this much filled, as the executor publishes it at wall time `at_ms`."""
    payload = OrderCancelled(
        model="deepseek",
        intent_id=intent_id,
        client_order_id="0x",
        order_id=None,
        symbol=Symbol.BTC,
        role=OrderRole.ENTRY,
        reason=reason,
        filled_size_coin=Decimal(filled),
    )
    return originate(payload, keys=(intent_id, reason), time_ms=at_ms, now_ms=at_ms)


def a_condition(**changes: Any) -> Invalidation:
    """True when a minute's candle closes below 99,000."""
    stated: dict[str, Any] = {"timeframe": "1m", "indicator": "close", "op": "<", "value": 99_000.0}
    return Invalidation(**(stated | changes))


def a_series(
    interval: str, closes: tuple[float, ...], *, last_close_ms: int, is_last_closed: bool = True, **values: Any
) -> CandleSeries:
    """Candles with these closes, the newest closed one ending at `last_close_ms`; `values` are indicators."""
    length_ms = INTERVALS_MS[interval]
    newest_ms = last_close_ms if not is_last_closed else last_close_ms - length_ms
    none: tuple[float, ...] = ()
    shown: dict[str, Any] = dict.fromkeys(("ema20", "ema50", "macd", "rsi7", "rsi14"), none)
    return CandleSeries(
        interval=interval,
        open_times_ms=tuple(newest_ms - length_ms * back for back in reversed(range(len(closes)))),
        opens=closes,
        highs=closes,
        lows=closes,
        closes=closes,
        volumes=closes,
        is_last_closed=is_last_closed,
        atr3=None,
        atr14=None,
        volume_average=None,
        **(shown | values),
    )


def a_snapshot_event(
    *series: CandleSeries, symbol: Symbol = Symbol.BTC, boundary_ms: int, now_ms: int | None = None
) -> Event[MarketSnapshot]:
    """A snapshot of one coin, made at its boundary."""
    made_ms = boundary_ms if now_ms is None else now_ms
    mark, zero = MARKS[symbol], Decimal(0)
    coin = CoinSnapshot(
        symbol=symbol,
        mid_price=mark,
        mark_price=mark,
        oracle_price=mark,
        prev_day_price=mark,
        day_volume_usd=zero,
        funding_rate_hourly=zero,
        premium=None,
        open_interest_coin=zero,
        open_interest_average_coin=None,
        max_leverage=40,
        book=None,
        flow=TradeFlow(window_s=60, buy_usd=0.0, sell_usd=0.0, trade_count=0),
        series={each.interval: each for each in series},
    )
    snapshot = MarketSnapshot(
        run_id="run",
        cycle_number=1,
        boundary_ms=boundary_ms,
        interval_s=60,
        missed_cycles=0,
        partial=False,
        coins={symbol: coin},
        sentiment=None,
    )
    cycle = f"cycle-of-{boundary_ms}"
    return originate(snapshot, keys=("run", boundary_ms), time_ms=boundary_ms, now_ms=made_ms, cycle_id=cycle)
