"""The gate's judgement on a recorded state: what a decision's prompt was made from, taken as of the snapshot's moment.

Ages count as nothing: a recorded state is as old as its snapshot. What the gate knew beside it is in the memory that
risk had published for the prompt; what it learned between that moment and the answer is not known here.
"""

from decimal import Decimal

from common.agent.prompt.memory import GateFigures, ReservedEntry, read_memory
from common.events import AccountUpdated, Action, Decision, IntentKind, MarketSnapshot
from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from risk.gate.gate_input import GateInput, Market, Reservation, Snapshot
from risk.gate.halts import Halt, Reason
from risk.gate.verdict import judge
from risk.state.market_time import day_of


def recorded_denial(
    decision: Decision, snapshot: MarketSnapshot, account: AccountUpdated, limits: str, memory: str
) -> str | None:
    """The denial code of a decision on a recorded state; None for an approval, and for a HOLD, which needs none.

    `limits` and `memory` are the JSON texts in the decision's inputs.
    """
    if decision.action is Action.HOLD:
        return None
    remembered = read_memory(memory)
    at_ms, gate = snapshot.boundary_ms, remembered.gate
    is_same_day = remembered.day == day_of(at_ms)
    limits_then = Limits.model_validate_json(limits)
    cooldown_end_ms = None if decision.symbol is None else gate.cooldowns.get(decision.symbol)
    inputs = GateInput(
        limits=limits_then,
        now_ms=at_ms,
        market_ms=at_ms,
        model=account.model,
        intent_kind=IntentKind.EXIT if decision.action is Action.CLOSE else IntentKind.ENTRY,
        decision=decision,
        answered_ms=at_ms,
        snapshot=Snapshot(at_ms, None if decision.symbol is None else _mark(snapshot, decision.symbol)),
        market=_market(snapshot, decision.symbol),
        account=account.model_copy(update={"received_ms": at_ms, "clock_ahead_ms": 0}),
        reservations=tuple(_reservation(place, each) for place, each in enumerate(gate.reserved)),
        marks={symbol: coin.mark_price for symbol, coin in snapshot.coins.items()},
        halts=_halts(gate, account.model, at_ms),
        day_start_equity_usd=remembered.day_start_usd if is_same_day else None,
        high_water_usd=gate.high_water_usd,
        entries_today=gate.entries_today if is_same_day else 0,
        last_entry_ms=None if cooldown_end_ms is None else cooldown_end_ms - limits_then.entry_cooldown_s * 1000,
        disk_free_percent=Decimal(0) if gate.is_disk_full else None,
        orders_last_minute=sum(time_ms >= at_ms - MINUTE_MS for time_ms in gate.approvals_ms),
    )
    return judge(inputs).denial_code


def _mark(snapshot: MarketSnapshot, symbol: Symbol) -> Decimal | None:
    coin = snapshot.coins.get(symbol)
    return None if coin is None else coin.mark_price


def _market(snapshot: MarketSnapshot, symbol: Symbol | None) -> Market | None:
    coin = None if symbol is None else snapshot.coins.get(symbol)
    if coin is None:
        return None
    at_ms = snapshot.boundary_ms
    return Market(
        mark_price=coin.mark_price,
        mid_price=coin.mid_price,
        mark_received_ms=at_ms,
        book_received_ms=at_ms,
        time_ms=at_ms,
        recorded_ms=at_ms,
    )


def _reservation(place: int, entry: ReservedEntry) -> Reservation:
    return Reservation(
        intent_id=str(place),
        symbol=entry.symbol,
        side=entry.side,
        intent_kind=IntentKind.ENTRY,
        notional_usd=entry.notional_usd,
        margin_usd=entry.margin_usd,
        loss_usd=entry.loss_usd,
    )


def _halts(gate: GateFigures, model: str, at_ms: int) -> tuple[Halt, ...]:
    return tuple(
        Halt(model, Reason(halt.reason), at_ms, until_ms=halt.until_ms)
        for halt in gate.halts
        if halt.until_ms is None or halt.until_ms > at_ms
    )
