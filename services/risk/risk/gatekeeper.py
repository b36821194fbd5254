"""The handlers: each event changes what risk remembers, and a decision gets its verdict."""

from collections.abc import Iterable
from typing import Any

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
from common.trading.limits import Limits
from common.trading.symbols import SYMBOLS
from risk import metrics
from risk.alerts import state_alerts
from risk.assembly import closing, gate_input
from risk.durable import Durable
from risk.gate import intent_of, judge
from risk.gate_input import GateInput, Market
from risk.halts import ENDED_BY_RESUME, EVERYONE, Halt, Reason
from risk.reservations import reservation_of
from risk.state import FrozenPrices, ModelState, RiskState
from risk.theses import watch_answer, watch_snapshot
from risk.watch import remember_money, resume, watch_account, watch_stop

Outputs = tuple[Event[Any], ...]
NEVER_SENT = ("EXPIRED_UNSENT", "HALTED", "FLATTENED", "MAINNET_CAP", "ACTIONS_SHORT")
"""The executor's reasons for an entry whose first byte never left."""
_PARENTS = (OrderRole.ENTRY, OrderRole.EXIT, OrderRole.FLATTEN)


class RiskGate:
    """Holds the state and handles every event risk reads; `state` is replaced whole when memory is rebuilt."""

    def __init__(self, limits: Limits, models: Iterable[str]) -> None:
        self.limits = limits
        self.models = tuple(models)
        self.state = RiskState.empty(self.models)

    def mark(self, event: Event[MarketTick], now_ms: int) -> Outputs:
        """Takes over the newest prices of a coin."""
        tick = event.data
        held = self.state.markets.get(tick.symbol)
        if held is None or event.time_ms >= held.time_ms:
            self.state.markets[tick.symbol] = Market(
                tick.mark_price,
                tick.mid_price,
                tick.mark_received_ms,
                tick.book_received_ms,
                event.time_ms,
                event.recorded_ms,
            )
        self.state.market_ms = max(self.state.market_ms, event.time_ms)
        return ()

    def snapshot(self, event: Event[MarketSnapshot], now_ms: int) -> Outputs:
        """Takes over the prices that the models are going to decide on; closes what has become void."""
        marks = {symbol: coin.mark_price for symbol, coin in event.data.coins.items()}
        self.state.note_snapshot(event.id, FrozenPrices(event.recorded_ms, marks))
        exits: list[Event[Any]] = []
        for model in self.models:
            held = self._model(model)
            self.state.durable = watch_snapshot(
                self.state.durable, model, held.account, held.conditions.values(), event.data
            )
            exits += self._leave(event, model, now_ms)
        return tuple(exits)

    def judge(self, event: Event[AgentDecision], now_ms: int) -> Outputs:
        """The verdict on a decision; a HOLD, or no decision, needs none. A model that ignores itself is reported."""
        data, decision = event.data, event.data.decision
        self.state.durable, alerts = watch_answer(self.state.durable, self._model(data.model).account, event, now_ms)
        if decision is None or decision.action is Action.HOLD:
            return alerts
        cycle = event.cycle_id or data.snapshot_id
        given = gate_input(self.state, self.limits, event, data.model, decision, now_ms, cycle=cycle)
        self._model(data.model).note_seen(cycle, given.intent_kind)
        return (self._verdict(event, given, now_ms, index=0), *alerts)

    def account(self, event: Event[AccountUpdated], now_ms: int) -> Outputs:
        """Takes over an account state: its money, and if it is the newest what it frees, and the limits of a day.

        After a rebuild the newest is known before those that waited for us; they still tell how the money went.
        """
        account = event.data
        held = self._model(account.model)
        is_newest = held.account is None or account.received_ms >= held.account.received_ms
        self.state.durable = remember_money(self.state.durable, account, is_newest=is_newest)
        if not is_newest:
            return ()
        held.account = account
        self.state.market_ms = max(self.state.market_ms, account.state_ms)
        under_way = {reserved.symbol for reserved in held.reservations.values() if reserved.is_entry}
        held.settle(account.covers, account.state_ms)
        held.forget_closed()
        durable = watch_account(self.limits, self.state.durable, account, under_way)
        alerts = self._remember(event, durable, now_ms)
        return (*alerts, *self._leave(event, account.model, now_ms))

    def accepted(self, event: Event[OrderAccepted], now_ms: int) -> Outputs:
        if event.data.role is OrderRole.ENTRY and event.data.intent_id is not None:
            self._note_sent(event, event.data.intent_id)
        return ()

    def rejected(self, event: Event[OrderRejected], now_ms: int) -> Outputs:
        """The exchange said no to the order itself; an entry counts as one that was sent.

        An exit may be tried again at once. An entry's reservation stays until an account state covers it: a no in an
        answer can be wrong, and what such an order has filled must not be room for another one.
        """
        data = event.data
        if data.intent_id is not None and data.role is OrderRole.ENTRY:
            self._note_sent(event, data.intent_id)
        elif data.intent_id is not None and data.role in _PARENTS:
            self._model(data.model).release([data.intent_id])
        return ()

    def cancelled(self, event: Event[OrderCancelled], now_ms: int) -> Outputs:
        """With nothing filled, nothing is under way; what was filled stays reserved until a state covers it.

        What was held back before the first byte doesn't count as an order of the day.
        """
        data = event.data
        if data.role not in _PARENTS or data.intent_id is None:
            return ()
        held = self._model(data.model)
        if data.role is OrderRole.ENTRY and data.reason not in NEVER_SENT:
            self._note_sent(event, data.intent_id)
        if data.filled_size_coin == 0:
            held.release([data.intent_id])
            if data.reason in NEVER_SENT:
                held.pace.was_not_sent(data.intent_id)
        return ()

    def filled(self, event: Event[OrderFilled], now_ms: int) -> Outputs:
        data = event.data
        if data.role is OrderRole.ENTRY and data.intent_id is not None:
            self._note_sent(event, data.intent_id)
        if data.role is not OrderRole.STOP and not data.is_liquidation:
            return ()
        order = data.client_order_id or str(data.order_id)
        durable = watch_stop(self.limits, self.state.durable, data.model, order, event.time_ms)
        return self._remember(event, durable, now_ms)

    def command(self, event: Event[ControlCommand], now_ms: int) -> Outputs:
        """A person's word: halt and resume are remembered, flatten also closes what is held now."""
        data = event.data
        concerned = self.models if data.model is None else (data.model,)
        durable = self.state.durable
        if data.command is Command.HALT:
            durable = durable.begin(Halt(data.model or EVERYONE, Reason.PERSON, event.time_ms, detail=data.reason))
        elif data.command is Command.RESUME:
            for model in concerned:
                durable = resume(durable, model, self._model(model).account)
            ended = {*concerned, EVERYONE} if data.model is None else {data.model}
            durable = durable.end(lambda halt: halt.model in ended and halt.reason in ENDED_BY_RESUME)
        else:
            for model in concerned:
                durable = durable.begin(Halt(model, Reason.FLATTEN, event.time_ms, detail=data.reason))
        alerts = self._remember(event, durable, now_ms)
        exits = [exit_ for model in concerned for exit_ in self._leave(event, model, now_ms)]
        return (*alerts, *exits)

    def _model(self, model: str) -> ModelState:
        return self.state.models.setdefault(model, ModelState())

    def _note_sent(self, event: Event[Any], intent_id: str) -> None:
        """Counts an entry on the day of market time; the executor's events bear wall time where nothing was filled."""
        self._model(event.data.model).pace.note_sent(intent_id, self.state.market_ms or event.time_ms)

    def _remember(self, cause: Event[Any], durable: Durable, now_ms: int) -> Outputs:
        """Takes over what is to be remembered; a change of a model's trading state is said aloud."""
        before, self.state.durable = self.state.durable, durable
        if before.halts == durable.halts:
            return ()
        return state_alerts(cause, self.models, before.halts, durable.halts, now_ms)

    def _leave(self, cause: Event[Any], model: str, now_ms: int) -> Outputs:
        """An exit for each position that must go and has none under way: in a flatten, or when its thesis is void."""
        held, durable = self._model(model), self.state.durable
        if held.account is None:
            return ()
        flattening = any(halt.model == model and halt.reason is Reason.FLATTEN for halt in durable.halts)
        void = {one.watched.intent_id for one in durable.fired if one.model == model}
        leaving = {reserved.symbol for reserved in held.reservations.values() if not reserved.is_entry}
        exits = []
        for position in held.account.positions:
            must_go = flattening or (position.intent_id is not None and position.intent_id in void)
            if must_go and position.symbol not in leaving:
                intent_kind = IntentKind.FLATTEN if flattening else IntentKind.INVALIDATION
                decision = closing(position.symbol, intent_kind)
                given = gate_input(
                    self.state, self.limits, cause, model, decision, now_ms, cycle=None, leaving=intent_kind
                )
                place = self.models.index(model) * len(SYMBOLS) + SYMBOLS.index(position.symbol)
                exits.append(self._verdict(cause, given, now_ms, index=place))
        return tuple(exits)

    def _verdict(self, cause: Event[Any], given: GateInput, now_ms: int, *, index: int) -> Event[Any]:
        """Judges, and reserves what an approval may take."""
        verdict = judge(given)
        if verdict.code is not None or verdict.draft is None:
            code = verdict.code or "ACTION_INVALID"
            metrics.DENIED.labels(given.model, code).inc()
            denied = RiskDenied(
                model=given.model,
                intent_kind=given.intent_kind,
                decision_id=cause.id,
                symbol=given.decision.symbol,
                code=code,
                rules=verdict.rules,
            )
            return derive(cause, denied, now_ms, index=index)
        intent = intent_of(
            verdict.draft,
            now_ms + self.limits.entry_valid_s * 1000,
            given.decision.invalidation_condition,
            cause.data.boundary_ms if isinstance(cause.data, AgentDecision) else None,
        )
        approved = RiskApproved(
            model=given.model, intent_kind=given.intent_kind, decision_id=cause.id, intent=intent, rules=verdict.rules
        )
        event = derive(cause, approved, now_ms, index=index, time_ms=given.market_ms)
        held = self._model(given.model)
        held.reservations[event.id] = reservation_of(self.limits, event.id, given.intent_kind, intent)
        held.watch(event.id, intent)
        held.pace.note_approval(given.market_ms, intent.symbol, is_entry=given.intent_kind is IntentKind.ENTRY)
        metrics.APPROVED.labels(given.model, given.intent_kind).inc()
        return event
