"""What survives every restart, as values: halts, baselines and marks, invalidations that came true, ordered closes.

The table risk_state holds all of it. Nothing here is changed in place: each change makes a new PersistentState, and one
that changes nothing returns the very same object, so that the store compares by identity whether there is anything to
write.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from common.events import AccountUpdated
from common.trading.epochs import aside_id
from common.trading.instruments import Symbol
from risk.gate.halts import Halt, Reason
from risk.state.invalidation import TriggeredCondition


@dataclass(frozen=True, slots=True)
class Baseline:
    """The equity with which a UTC day of market time began; `day` counts days since 1970."""

    day: int
    equity_usd: Decimal


@dataclass(frozen=True, slots=True)
class Transfers:
    """Money moved into an account since `since_ms`, out negative, that its day baseline and high-water mark contain.

    `emptied_usd` is what the account held before a withdrawal took all of it: baseline and mark still refer to that,
    until money comes in again. None for an account that holds something, or has lost all.
    """

    since_ms: int
    sum_usd: Decimal
    emptied_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LastState:
    """The account state that was recorded last; `received_ms` is wall time."""

    received_ms: int
    equity_usd: Decimal


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """One model's figures; transfers scale its baseline and its high-water mark.

    `stops` are (order, market time in ms) of stops that fired within the last day. All of it belongs to the account
    that `epoch` names; empty before the first state that names one.
    """

    baseline: Baseline | None = None
    high_water_usd: Decimal | None = None
    stops: tuple[tuple[str, int], ...] = ()
    transfers: Transfers | None = None
    last: LastState | None = None
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class Closing:
    """A position that a person wants closed: the one of that entry, or the one that no entry explains."""

    model: str
    symbol: Symbol
    intent_id: str | None


@dataclass(frozen=True, slots=True)
class PersistentState:
    """The whole of table risk_state."""

    halts: tuple[Halt, ...] = ()
    records: Mapping[str, ModelRecord] = field(default_factory=dict)
    triggered: tuple[TriggeredCondition, ...] = ()
    closings: tuple[Closing, ...] = ()

    def record(self, model: str) -> ModelRecord:
        return self.records.get(model, ModelRecord())

    def with_record(self, model: str, record: ModelRecord) -> "PersistentState":
        if record == self.records.get(model):
            return self
        return replace(self, records={**self.records, model: record})

    def with_epoch(self, model: str, epoch: str) -> "PersistentState":
        """With the model's figures, halts and conditions of that epoch; those of its present one are set aside.

        A person's halt concerns the model, whatever it trades: it stays.
        """
        present = self.record(model).epoch
        if not present:
            return self.with_record(model, replace(self.record(model), epoch=epoch))
        names = {model: aside_id(model, present), aside_id(model, epoch): model}
        records = {names.get(name, name): record for name, record in self.records.items()}
        records.setdefault(model, ModelRecord(epoch=epoch))
        halts = tuple(
            halt if halt.reason is Reason.PERSON else replace(halt, model=names.get(halt.model, halt.model))
            for halt in self.halts
        )
        triggered = tuple(replace(one, model=names.get(one.model, one.model)) for one in self.triggered)
        closings = tuple(one for one in self.closings if one.model != model)
        return replace(self, records=records, halts=halts, triggered=triggered, closings=closings)

    def with_halt(self, halt: Halt) -> "PersistentState":
        """With one halt more, unless the model already has one of that reason."""
        if any((held.model, held.reason) == (halt.model, halt.reason) for held in self.halts):
            return self
        return replace(self, halts=(*self.halts, halt))

    def with_newest(self, halt: Halt) -> "PersistentState":
        """With this halt in place of an older one of its model and reason; a younger one stays."""

        def is_older(held: Halt) -> bool:
            return (held.model, held.reason) == (halt.model, halt.reason) and held.since_ms < halt.since_ms

        return self.without_halts(is_older).with_halt(halt)

    def without_halts(self, is_over: Callable[[Halt], bool]) -> "PersistentState":
        """Without the halts that are over."""
        kept = tuple(halt for halt in self.halts if not is_over(halt))
        return self if len(kept) == len(self.halts) else replace(self, halts=kept)

    def with_closing(self, account: AccountUpdated | None, symbol: Symbol | None) -> "PersistentState":
        """With the position in that coin to close, if the account holds one."""
        if account is None:
            return self
        held = [each for each in account.positions if each.symbol is symbol]
        found = [Closing(account.model, each.symbol, each.intent_id) for each in held]
        closings = tuple(dict.fromkeys((*self.closings, *found)))
        return self if closings == self.closings else replace(self, closings=closings)

    def without_closed(self, account: AccountUpdated) -> "PersistentState":
        """Without the positions to close that the account no longer holds."""
        held = {Closing(account.model, each.symbol, each.intent_id) for each in account.positions}
        kept = tuple(one for one in self.closings if one.model != account.model or one in held)
        return self if kept == self.closings else replace(self, closings=kept)

    def with_triggered(self, triggered: Iterable[TriggeredCondition]) -> "PersistentState":
        """With these conditions that came true, and no others."""
        kept = tuple(triggered)
        return self if kept == self.triggered else replace(self, triggered=kept)
