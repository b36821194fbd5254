"""The event handlers: each event changes what risk remembers, and a decision gets its verdict.

A handler takes an event and the wall time, changes `state`, and returns the events to publish. It awaits nothing, so
no other handler runs in between. What it changed in the persistent state is written by `RiskStateTable.save` before the
batch is committed; see `RiskState` for what happens when that commit fails.
"""

from decimal import Decimal
from typing import Any

from structlog.typing import FilteringBoundLogger

from common.events import (
    AccountUpdated,
    Action,
    AgentDecision,
    Command,
    ControlCommand,
    Event,
    IntentKind,
    MarketSnapshot,
    MarketTick,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderRole,
    RiskApproved,
    RiskDenied,
    derive,
)
from common.trading.halts import does_resume_end
from common.trading.instruments import INSTRUMENTS, Symbol
from common.trading.limits import Limits
from common.trading.orders import NEVER_SENT, PARENT_ROLES
from common.trading.roster import Roster
from risk import metrics
from risk.gate.gate_input import GateInput, Market
from risk.gate.halts import ALL_MODELS, ENDED_BY_RESUME, Halt, Reason
from risk.gate.verdict import intent_of, judge
from risk.state.account_halts import record_equity, record_stop, resume_after_drawdown, update_account_halts
from risk.state.gate_inputs import build_gate_input, exit_decision
from risk.state.invalidation_tracking import apply_answer, apply_snapshot
from risk.state.market_time import is_of_another_clock
from risk.state.persistent_state import Closing, PersistentState
from risk.state.reservations import reservation_of
from risk.state.risk_state import RiskState, SnapshotMarks
from risk.state.state_alerts import close_alerts, state_alerts

Outputs = tuple[Event[Any], ...]


class RiskHandlers:
    """One handler per event that risk reads. `state` is replaced whole when memory is rebuilt.

    `disk_free_percent` is what a task of its own measured last.

    Each verdict is one line of `log`; without one nothing is logged.
    """

    def __init__(self, limits: Limits, roster: Roster, log: FilteringBoundLogger | None = None) -> None:
        self.limits, self._log = limits, log
        self.models, self.coins = roster.ids, roster.coins
        self.state = RiskState.empty(self.models)
        self.disk_free_percent: Decimal | None = None

    def on_market_tick(self, event: Event[MarketTick], now_ms: int) -> Outputs:
        """Replaces a coin's prices by newer ones."""
        tick = event.data
        held = self.state.markets.get(tick.symbol)
        if held is None or event.time_ms >= held.time_ms:
            self.state.markets[tick.symbol] = Market(
                mark_price=tick.mark_price,
                mid_price=tick.mid_price,
                mark_received_ms=tick.mark_received_ms,
                book_received_ms=tick.book_received_ms,
                time_ms=event.time_ms,
                recorded_ms=event.recorded_ms,
            )
        self.state.market_ms = max(self.state.market_ms, event.time_ms)
        return ()

    def on_market_snapshot(self, event: Event[MarketSnapshot], now_ms: int) -> Outputs:
        """Remembers the prices that the next decisions answer, and closes positions whose condition came true."""
        marks = {symbol: coin.mark_price for symbol, coin in event.data.coins.items()}
        self.state.record_snapshot(event.id, SnapshotMarks(event.recorded_ms, marks))
        exits: list[Event[Any]] = []
        for model in self.models:
            held = self.state.model(model)
            self.state.persistent = apply_snapshot(
                self.state.persistent, model, held.account, held.conditions.values(), event.data
            )
            exits += self._exits(event, model, now_ms)
        return tuple(exits)

    def on_agent_decision(self, event: Event[AgentDecision], now_ms: int) -> Outputs:
        """The verdict on a decision, and alerts where it ignores the model's own invalidation condition.

        A HOLD, and an answer without a decision, need no verdict.
        """
        data, decision = event.data, event.data.decision
        account = self.state.model(data.model).account
        self.state.persistent, alerts = apply_answer(self.state.persistent, account, event, now_ms)
        if decision is None or decision.action is Action.HOLD:
            return alerts
        cycle = event.cycle_id or data.snapshot_id
        inputs = build_gate_input(
            self.state,
            self.limits,
            event,
            data.model,
            decision,
            now_ms,
            cycle=cycle,
            disk_free_percent=self.disk_free_percent,
        )
        verdict = self._verdict(event, inputs, now_ms, index=0)
        if isinstance(verdict.data, RiskApproved):
            self.state.model(data.model).record_seen(cycle, inputs.intent_kind)
        return (verdict, *alerts)

    def on_account_updated(self, event: Event[AccountUpdated], now_ms: int) -> Outputs:
        """Records an account state's equity; the newest one also ends reservations and updates the model's halts.

        The first state of another account begins, or continues, that account's own epoch: nothing that is remembered of
        the one before counts there. After a rebuild the newest state is known from the cache before those that waited
        in the stream. They still count for baseline and high-water mark (see `record_equity`), and for nothing else.
        A state is also the newest where the one before lies in the future: the wall clock has been set back since.
        """
        account = event.data
        held = self.state.model(account.model)
        is_newest = (
            held.account is None
            or account.received_ms >= held.account.received_ms
            or is_of_another_clock(held.account.received_ms, now_ms)
        )
        if account.epoch and account.epoch != self.state.persistent.record(account.model).epoch:
            if not is_newest:
                return ()
            held = self.state.enter_epoch(account.model, account.epoch)
        self.state.persistent = record_equity(self.state.persistent, account, is_newest=is_newest)
        if not is_newest:
            return ()
        held.account = account
        self.state.market_ms = max(self.state.market_ms, account.state_ms)
        unfinished = {reserved.symbol for reserved in held.reservations.values() if reserved.is_entry}
        held.end_covered(account.covers, account.state_ms)
        held.forget_closed()
        persistent = self.state.persistent.without_closed(account)
        persistent = update_account_halts(self.limits, persistent, account, unfinished, now_ms=now_ms)
        alerts = self._replace_persistent(event, persistent, now_ms)
        return (*alerts, *self._exits(event, account.model, now_ms))

    def on_order_accepted(self, event: Event[OrderAccepted], now_ms: int) -> Outputs:
        """An accepted entry counts as sent."""
        if event.data.role is OrderRole.ENTRY and event.data.intent_id is not None:
            self._count_sent(event, event.data.intent_id)
        return ()

    def on_order_rejected(self, event: Event[OrderRejected], now_ms: int) -> Outputs:
        """A rejected entry counts as sent, and keeps its reservation; a rejected exit may be tried again at once.

        An entry's rejection can be wrong: what such an order has filled must not become room for another one, so only
        an account state ends its reservation.
        """
        data = event.data
        if data.intent_id is not None and data.role is OrderRole.ENTRY:
            self._count_sent(event, data.intent_id)
        elif data.intent_id is not None and data.role in PARENT_ROLES:
            self.state.model(data.model).release([data.intent_id])
        return ()

    def on_order_cancelled(self, event: Event[OrderCancelled], now_ms: int) -> Outputs:
        """Ends the reservation where nothing was filled; what was filled stays reserved until a state covers it.

        An entry that ended before its first byte left doesn't count as a trade of the day.
        """
        data = event.data
        if data.role not in PARENT_ROLES or data.intent_id is None:
            return ()
        held = self.state.model(data.model)
        is_never_sent = data.reason in NEVER_SENT
        if data.role is OrderRole.ENTRY and not is_never_sent:
            self._count_sent(event, data.intent_id)
        if data.filled_size_coin == 0:
            held.release([data.intent_id])
            if is_never_sent:
                held.counters.withdraw_sent(data.intent_id)
        return ()

    def on_order_filled(self, event: Event[OrderFilled], now_ms: int) -> Outputs:
        """A filled entry counts as sent; a fired stop or a liquidation may pause the model."""
        data = event.data
        if data.role is OrderRole.ENTRY and data.intent_id is not None:
            self._count_sent(event, data.intent_id)
        if data.role is not OrderRole.STOP and not data.is_liquidation:
            return ()
        order = data.client_order_id or str(data.order_id)
        persistent = record_stop(self.limits, self.state.persistent, data.model, order, event.time_ms)
        return self._replace_persistent(event, persistent, now_ms)

    def on_control_command(self, event: Event[ControlCommand], now_ms: int) -> Outputs:
        """A person's command: halt and resume change the halts, flatten also closes what is held now, close one of it.

        A close that closes nothing is reported.
        """
        data = event.data
        models = self.models if data.model is None else (data.model,)
        persistent = self.state.persistent
        if data.command is Command.HALT:
            scope = data.model or ALL_MODELS
            halt = Halt(scope, Reason.PERSON, event.time_ms, detail=data.reason, author=data.requested_by)
            persistent = persistent.with_newest(halt)
        elif data.command is Command.RESUME:
            persistent = self._resumed(event, models, now_ms)
        elif data.command is Command.CLOSE:
            account = self.state.model(data.model).account if data.model in self.models else None
            if ignored := close_alerts(event, account, now_ms):
                return ignored
            persistent = persistent.with_closing(account, data.symbol)
        else:
            for model in models:
                halt = Halt(model, Reason.FLATTEN, event.time_ms, detail=data.reason, author=data.requested_by)
                persistent = persistent.with_halt(halt)
        alerts = self._replace_persistent(event, persistent, now_ms)
        exits = [exit_ for model in models for exit_ in self._exits(event, model, now_ms)]
        return (*alerts, *exits)

    def _resumed(self, event: Event[ControlCommand], models: tuple[str, ...], now_ms: int) -> PersistentState:
        """The persistent state without the halts that a person may end and that are older than the command."""
        resumed = {*models, ALL_MODELS} if event.data.model is None else set(models)

        def is_over(halt: Halt) -> bool:
            is_meant = halt.model in resumed and halt.reason in ENDED_BY_RESUME
            return is_meant and does_resume_end(halt.since_ms, event.time_ms, now_ms)

        persistent = self.state.persistent
        for halt in filter(is_over, persistent.halts):
            if halt.reason is Reason.DRAWDOWN:
                persistent = resume_after_drawdown(persistent, halt.model, self.state.model(halt.model).account)
        return persistent.without_halts(is_over)

    def _count_sent(self, event: Event[Any], intent_id: str) -> None:
        """Counts an entry on the day of market time: an executor's event without a fill has only wall time."""
        at_ms = self.state.market_ms or event.time_ms
        self.state.model(event.data.model).counters.record_sent(intent_id, at_ms)

    def _replace_persistent(self, cause: Event[Any], persistent: PersistentState, now_ms: int) -> Outputs:
        """Replaces the persistent state; returns alerts for the models whose trading state that changes."""
        before, self.state.persistent = self.state.persistent, persistent
        if before.halts == persistent.halts:
            return ()
        return state_alerts(cause, self.models, before.halts, persistent.halts, now_ms)

    def _exits(self, cause: Event[Any], model: str, now_ms: int) -> Outputs:
        """An exit for each position that must be closed and has no unfinished exit.

        Closed are all positions in a flatten, else those that a person wants closed or whose invalidation condition
        came true. Each account state that still shows such a position asks again, so that a failed exit is repeated.
        """
        held, persistent = self.state.model(model), self.state.persistent
        if held.account is None:
            return ()
        is_flatten = any(halt.model == model and halt.reason is Reason.FLATTEN for halt in persistent.halts)
        invalidated = {one.tracked.intent_id for one in persistent.triggered if one.model == model}
        exiting = {reserved.symbol for reserved in held.reservations.values() if not reserved.is_entry}
        exits = []
        for position in held.account.positions:
            is_ordered = is_flatten or Closing(model, position.symbol, position.intent_id) in persistent.closings
            must_close = is_ordered or (position.intent_id is not None and position.intent_id in invalidated)
            if must_close and position.symbol not in exiting:
                kind = IntentKind.FLATTEN if is_ordered else IntentKind.INVALIDATION
                decision = exit_decision(position.symbol, kind)
                inputs = build_gate_input(
                    self.state, self.limits, cause, model, decision, now_ms, cycle=None, exit_kind=kind
                )
                exits.append(self._verdict(cause, inputs, now_ms, index=self._exit_index(model, position.symbol)))
        return tuple(exits)

    def _exit_index(self, model: str, symbol: Symbol) -> int:
        """A number of its own for each model and coin, so that the exits which one event causes have different ids.

        A position may be on a coin, or an account of a contender, that has left the roster since: those come last.
        """
        if model in self.models and symbol in self.coins:
            return self.models.index(model) * len(self.coins) + self.coins.index(symbol)
        place = self.models.index(model) if model in self.models else len(self.models)
        return len(self.models) * len(self.coins) + place * len(INSTRUMENTS) + list(INSTRUMENTS).index(symbol)

    def _verdict(self, cause: Event[Any], inputs: GateInput, now_ms: int, *, index: int) -> Event[Any]:
        """Judges and logs; an approval is reserved at once, so that the next decision is judged with it.

        A cause that is delivered again is judged and logged again.
        """
        verdict = judge(inputs)
        if verdict.denial_code is not None or verdict.draft is None:
            denial_code = verdict.denial_code or "ACTION_INVALID"
            metrics.DENIED.labels(inputs.model, denial_code).inc()
            denied = RiskDenied(
                model=inputs.model,
                intent_kind=inputs.intent_kind,
                decision_id=cause.id,
                symbol=inputs.decision.symbol,
                denial_code=denial_code,
                rules=verdict.rules,
                ignored_stops=() if verdict.draft is None else verdict.draft.ignored_stops,
            )
            self._log_verdict(cause, inputs, denial_code=denial_code, intent_id=None)
            return derive(cause, denied, now_ms, index=index)
        intent = intent_of(
            verdict.draft,
            now_ms + self.limits.entry_valid_s * 1000,
            inputs.decision.invalidation_condition,
            cause.data.boundary_ms if isinstance(cause.data, AgentDecision) else None,
        )
        approved = RiskApproved(
            model=inputs.model,
            intent_kind=inputs.intent_kind,
            decision_id=cause.id,
            intent=intent,
            rules=verdict.rules,
            epoch="" if inputs.account is None else inputs.account.epoch,
            ignored_stops=verdict.draft.ignored_stops,
        )
        event = derive(cause, approved, now_ms, index=index, time_ms=inputs.market_ms)
        held = self.state.model(inputs.model)
        held.reservations[event.id] = reservation_of(self.limits, event.id, inputs.intent_kind, intent)
        held.track_condition(event.id, intent)
        held.counters.record_approval(inputs.market_ms, intent.symbol, is_entry=inputs.intent_kind is IntentKind.ENTRY)
        metrics.APPROVED.labels(inputs.model, inputs.intent_kind).inc()
        self._log_verdict(cause, inputs, denial_code=None, intent_id=event.id)
        return event

    def _log_verdict(
        self, cause: Event[Any], inputs: GateInput, *, denial_code: str | None, intent_id: str | None
    ) -> None:
        """One line, found by the cycle of the decision, or of the snapshot or command that closes a position."""
        if self._log is not None:
            self._log.info(
                "verdict",
                cycle_id=cause.cycle_id,
                model=inputs.model,
                intent_kind=inputs.intent_kind.value,
                symbol=inputs.decision.symbol,
                verdict="APPROVED" if denial_code is None else "DENIED",
                denial_code=denial_code,
                intent_id=intent_id,
            )
