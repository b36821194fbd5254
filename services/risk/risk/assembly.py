"""From what risk remembers to the frozen input of one judgement."""

from decimal import Decimal
from typing import Any

from common.events import Action, AgentDecision, Decision, Event, IntentKind, RiskApproved, derived_id
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from risk.gate_input import GateInput, Snapshot
from risk.halts import concerning
from risk.pace import MINUTE_MS
from risk.state import ModelState, RiskState
from risk.watch import DAY_MS


def gate_input(
    state: RiskState,
    limits: Limits,
    cause: Event[Any],
    model: str,
    decision: Decision,
    now_ms: int,
    *,
    cycle: str | None,
    leaving: IntentKind = IntentKind.EXIT,
) -> GateInput:
    """The surroundings of a decision that `cause` brings; `cycle` is None where no cycle limits it.

    `leaving` says why a position is closed: by the model, or without being asked.
    """
    held, symbol = state.models.get(model) or ModelState(), decision.symbol
    record = state.durable.record(model)
    intent_kind = leaving if decision.action is Action.CLOSE else IntentKind.ENTRY
    market_ms = state.market_ms or cause.time_ms
    day = market_ms // DAY_MS
    is_today = record.baseline is not None and record.baseline.day == day
    # A decision delivered again must not be held up by the reservation of its own first judgement.
    own_id = derived_id(cause.id, RiskApproved.TYPE)
    return GateInput(
        limits=limits,
        now_ms=now_ms,
        market_ms=market_ms,
        model=model,
        intent_kind=intent_kind,
        decision=decision,
        answered_ms=cause.data.answered_ms if isinstance(cause.data, AgentDecision) else None,
        snapshot=snapshot_of(state, cause, symbol),
        market=None if symbol is None else state.markets.get(symbol),
        account=held.account,
        reservations=tuple(reserved for key, reserved in held.reservations.items() if key != own_id),
        marks={coin: market.mark_price for coin, market in state.markets.items()},
        halts=tuple(
            halt
            for halt in concerning(state.durable.halts, model)
            if halt.until_ms is None or halt.until_ms > market_ms
        ),
        day_start_equity_usd=record.baseline.equity_usd if record.baseline is not None and is_today else None,
        high_water_usd=record.high_water_usd,
        entries_today=held.entries_on(day, but=own_id),
        last_entry_ms=held.pace.last_entry_ms(symbol),
        orders_last_minute=held.pace.orders_since(market_ms - MINUTE_MS),
        seen_before=cycle is not None and (cycle, intent_kind) in held.seen,
    )


def snapshot_of(state: RiskState, cause: Event[Any], symbol: Symbol | None) -> Snapshot:
    """The snapshot as we saw it; where we did not, as the decision tells: asked at once, with these mid prices."""
    data = cause.data
    if not isinstance(data, AgentDecision) or symbol is None:
        return Snapshot(None, None)
    frozen = state.snapshots.get(data.snapshot_id)
    told = data.snapshot_mid_prices.get(symbol)
    if frozen is None:
        return Snapshot(data.asked_ms, told)
    return Snapshot(frozen.made_ms, frozen.marks.get(symbol, told))


def closing(symbol: Symbol, intent_kind: IntentKind) -> Decision:
    """The decision that a flatten, or a condition that came true, takes in the model's place."""
    zero = Decimal(0)
    return Decision(
        action=Action.CLOSE,
        symbol=symbol,
        leverage=0,
        position_size_percent=zero,
        confidence=zero,
        reasoning=intent_kind.value,
    )
