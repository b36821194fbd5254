"""Risk's handlers with a manual clock and events made for them, without a bus or a database."""

from decimal import Decimal
from typing import Any

from common.events import (
    AccountPosition,
    AccountSums,
    AccountUpdated,
    Action,
    Command,
    ControlCommand,
    Decision,
    Event,
    OrderFilled,
    OrderRejected,
    OrderRole,
    RiskDenied,
    originate,
)
from common.runtime.roster import read_roster
from common.trading.durations import DAY_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.orders import OrderSide
from common.trading.roster import Roster
from risk.gate.halts import Reason, TradingState, applicable_to, most_severe
from risk.handlers import RiskHandlers
from risk.state.persistent_state import ModelRecord
from risk.state.risk_state import ModelState, RiskState
from support.risk_examples import (
    NOW_MS,
    a_cancelled_event,
    a_decision,
    a_decision_event,
    a_tick_event,
    an_accepted_event,
    an_account,
)

ROSTER = read_roster(None)
MODEL = "deepseek"
NOON_MS = NOW_MS // DAY_MS * DAY_MS + DAY_MS // 2
CLOSE = a_decision(action=Action.CLOSE, leverage=0, position_size_percent=Decimal(0), confidence=Decimal(0))
HOLD = a_decision(action=Action.HOLD, symbol=None, leverage=0, position_size_percent=Decimal(0))

Outputs = tuple[Event[Any], ...]


class RiskHarness:
    """One RiskHandlers. `now_ms` is wall time; market time is `ahead_ms` later, as on a replayed market."""

    def __init__(self, *, now_ms: int = NOON_MS, ahead_ms: int = 0, roster: Roster = ROSTER, **limits: Any) -> None:
        self.handlers = RiskHandlers(Limits(**limits), roster)
        self.now_ms, self.ahead_ms = now_ms, ahead_ms
        self._events = 0

    @property
    def market_ms(self) -> int:
        return self.now_ms + self.ahead_ms

    def advance(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)

    # What the other services publish.

    def send_ticks(self) -> None:
        """A tick of every coin."""
        for symbol in self.handlers.coins:
            tick = a_tick_event(symbol, at_ms=self.now_ms).model_copy(update={"time_ms": self.market_ms})
            self.handlers.on_market_tick(tick, self.now_ms)

    def account_state(self, *positions: AccountPosition, **changes: Any) -> AccountUpdated:
        """An account state of now."""
        account = an_account(*positions, **changes)
        return account.model_copy(update={"state_ms": self.market_ms, "received_ms": self.now_ms})

    def send_account(self, *positions: AccountPosition, **changes: Any) -> Outputs:
        return self.send_state(self.account_state(*positions, **changes))

    def send_state(self, account: AccountUpdated) -> Outputs:
        """An account state, now or late."""
        keys = (account.model, account.received_ms)
        event = originate(account, keys=keys, time_ms=account.state_ms, now_ms=account.received_ms)
        return self.handlers.on_account_updated(event, self.now_ms)

    def send_decision(
        self, decision: Decision | None, *, cycle: str | None = None, model: str = MODEL, has_ticks: bool = True
    ) -> Outputs:
        """A model's answer amid fresh ticks: the verdict, if one is due, and alerts."""
        self._events += 1
        if has_ticks:
            self.send_ticks()
        event = a_decision_event(decision, cycle=cycle or f"cycle-{self._events}", at_ms=self.now_ms, model=model)
        return self.handlers.on_agent_decision(event.model_copy(update={"time_ms": self.market_ms}), self.now_ms)

    def judge(self, decision: Decision | None = None, *, cycle: str | None = None, **changes: Any) -> Event[Any]:
        """The verdict on a decision: `a_decision` with these changes where none is given."""
        (verdict,) = self.send_decision(decision or a_decision(**changes), cycle=cycle)
        return verdict

    def send_command(
        self,
        command: Command,
        model: str | None = MODEL,
        *,
        ago_ms: int = 0,
        reason: str = "test",
        symbol: Symbol | None = None,
        **position: Any,
    ) -> Outputs:
        """A person's command, given so long ago; each one is given later than the one before."""
        self._events += 1
        at_ms = self.now_ms - ago_ms
        self.now_ms += 1
        payload = ControlCommand(
            command=command, model=model, reason=reason, requested_by="test", symbol=symbol, **position
        )
        event = originate(payload, keys=(self._events,), time_ms=at_ms, now_ms=at_ms)
        return self.handlers.on_control_command(event, self.now_ms)

    def accept(self, intent_id: str) -> None:
        """The entry's acceptance; like the executor, in wall time."""
        self.handlers.on_order_accepted(an_accepted_event(intent_id, at_ms=self.now_ms), self.now_ms)

    def reject(self, intent_id: str, role: OrderRole = OrderRole.ENTRY) -> None:
        payload = OrderRejected(
            model=MODEL, intent_id=intent_id, client_order_id="0x", symbol=Symbol.BTC, role=role, reason="no"
        )
        event = originate(payload, keys=(1,), time_ms=self.now_ms, now_ms=self.now_ms)
        self.handlers.on_order_rejected(event, self.now_ms)

    def cancel(self, intent_id: str, filled: int = 0, reason: str = "EXPIRED_UNSENT") -> None:
        event = a_cancelled_event(intent_id, reason, filled=filled, at_ms=self.now_ms)
        self.handlers.on_order_cancelled(event, self.now_ms)

    def fill_stop(self, order: str, trade: int = 1, *, is_liquidation: bool = False) -> Outputs:
        """One fill of a stop, or of a liquidation."""
        payload = OrderFilled(
            model=MODEL,
            intent_id="i",
            client_order_id=order,
            order_id=1,
            trade_id=trade,
            symbol=Symbol.BTC,
            role=OrderRole.UNKNOWN if is_liquidation else OrderRole.STOP,
            side=OrderSide.SELL,
            price=Decimal(1),
            size_coin=Decimal(1),
            fee_usd=Decimal(0),
            closed_pnl_usd=Decimal(0),
            start_position_coin=Decimal(1),
            direction="Close Long",
            crossed=True,
            is_liquidation=is_liquidation,
        )
        event = originate(payload, keys=(order, trade), time_ms=self.now_ms, now_ms=self.now_ms)
        return self.handlers.on_order_filled(event, self.now_ms)

    def restart(self, newest: AccountUpdated) -> None:
        """Memory as a rebuild leaves it: the persistent state, and the newest account state from the cache."""
        persistent = self.handlers.state.persistent
        self.handlers.state = RiskState.empty(self.handlers.models)
        self.handlers.state.persistent = persistent
        self.model.account = newest
        self.handlers.state.market_ms = newest.state_ms

    # What risk remembers.

    @property
    def model(self) -> ModelState:
        return self.handlers.state.model(MODEL)

    @property
    def record(self) -> ModelRecord:
        return self.handlers.state.persistent.record(MODEL)

    @property
    def baseline_usd(self) -> Decimal:
        assert self.record.baseline is not None
        return self.record.baseline.equity_usd

    @property
    def reserved(self) -> set[str]:
        return set(self.model.reservations)

    @property
    def trading_state(self) -> TradingState:
        return most_severe(applicable_to(MODEL, self.handlers.state.persistent.halts))

    @property
    def reasons(self) -> list[Reason]:
        return [halt.reason for halt in applicable_to(MODEL, self.handlers.state.persistent.halts)]


def sums(transfers_usd: Decimal | int, since_ms: int = 1) -> AccountSums:
    """An account's sums of which only the transfers differ from nothing."""
    zero = Decimal(0)
    return AccountSums(
        since_ms=since_ms,
        start_cash_usd=Decimal(10_000),
        closed_pnl_usd=zero,
        fees_usd=zero,
        funding_usd=zero,
        transfers_usd=Decimal(transfers_usd),
    )


def denial_code(verdict: Event[Any]) -> str | None:
    """The code of a denial; None for an approval."""
    return verdict.data.denial_code if isinstance(verdict.data, RiskDenied) else None
