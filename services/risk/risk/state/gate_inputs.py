"""Builds the frozen input of one judgement from risk's memory."""

from decimal import Decimal
from typing import Any

from common.events import Action, AgentDecision, Decision, Event, IntentKind, RiskApproved, derived_id
from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from risk.gate.gate_input import GateInput, Snapshot
from risk.gate.halts import Halt, applicable_to
from risk.state.market_time import day_of
from risk.state.risk_state import ModelState, RiskState


def build_gate_input(
    state: RiskState,
    limits: Limits,
    cause: Event[Any],
    model: str,
    decision: Decision,
    now_ms: int,
    *,
    cycle: str | None,
    exit_kind: IntentKind = IntentKind.EXIT,
    disk_free_percent: Decimal | None = None,
) -> GateInput:
    """The input for a decision that `cause` carries or makes necessary; `cycle` is None where no cycle limits it.

    `exit_kind` says why a position is closed: by the model's decision, a flatten or an invalidation.
    """
    held, symbol = state.models.get(model) or ModelState(), decision.symbol
    intent_kind = exit_kind if decision.action is Action.CLOSE else IntentKind.ENTRY
    market_ms = state.market_ms or cause.time_ms
    day = day_of(market_ms)
    # A decision that is delivered again must not be denied for the reservation of its own first judgement.
    own_id = derived_id(cause.id, RiskApproved.TYPE)
    return GateInput(
        limits=limits,
        now_ms=now_ms,
        market_ms=market_ms,
        model=model,
        intent_kind=intent_kind,
        decision=decision,
        answered_ms=cause.data.answered_ms if isinstance(cause.data, AgentDecision) else None,
        snapshot=_snapshot_of(state, cause, symbol),
        market=None if symbol is None else state.markets.get(symbol),
        account=held.account,
        reservations=tuple(reserved for key, reserved in held.reservations.items() if key != own_id),
        marks={coin: market.mark_price for coin, market in state.markets.items()},
        halts=active_halts(state, model, market_ms),
        day_start_equity_usd=_day_start_equity_usd(state, model, day),
        high_water_usd=state.persistent.record(model).high_water_usd,
        entries_today=held.entries_on(day, but=own_id),
        last_entry_ms=held.counters.last_entry_ms(symbol),
        orders_last_minute=len(held.counters.approvals_after(market_ms - MINUTE_MS)),
        disk_free_percent=disk_free_percent,
        seen_before=cycle is not None and (cycle, intent_kind) in held.seen,
    )


def exit_decision(symbol: Symbol, intent_kind: IntentKind) -> Decision:
    """The CLOSE that a flatten or an invalidation decides in the model's place."""
    zero = Decimal(0)
    return Decision(
        action=Action.CLOSE,
        symbol=symbol,
        leverage=0,
        position_size_percent=zero,
        confidence=zero,
        reasoning=intent_kind.value,
    )


def active_halts(state: RiskState, model: str, market_ms: int) -> tuple[Halt, ...]:
    """The halts that apply to the model and haven't ended by time; no account state need have shown that yet."""
    halts = applicable_to(model, state.persistent.halts)
    return tuple(halt for halt in halts if halt.until_ms is None or halt.until_ms > market_ms)


def _day_start_equity_usd(state: RiskState, model: str, day: int) -> Decimal | None:
    """The equity with which that day began; None before the day's first account state."""
    baseline = state.persistent.record(model).baseline
    return baseline.equity_usd if baseline is not None and baseline.day == day else None


def _snapshot_of(state: RiskState, cause: Event[Any], symbol: Symbol | None) -> Snapshot:
    """The snapshot as risk read it; where it did not, the decision's own word: the time of asking and the mid price."""
    data = cause.data
    if not isinstance(data, AgentDecision) or symbol is None:
        return Snapshot(None, None)
    frozen = state.snapshots.get(data.snapshot_id)
    mid_price = data.snapshot_mid_prices.get(symbol)
    if frozen is None:
        return Snapshot(data.asked_ms, mid_price)
    return Snapshot(frozen.made_ms, frozen.marks.get(symbol, mid_price))
