"""Risk's memory: newest marks and accounts, reservations, counters, and the persistent state.

Only the consumer's task changes it, in the handlers, one event at a time. It is ahead of the commit: the handlers of a
batch change it before their outputs are committed. When that commit is refused or its outcome is unknown, the memory
may hold what never happened, so the runtime drops it whole and calls the rebuild; it is never corrected in place.
Background tasks only read it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from common.events import AccountUpdated, IntentKind, OrderIntent
from common.trading.instruments import Symbol
from common.trading.orders import OrderSide, Side
from risk.gate.gate_input import Market, Reservation
from risk.state.entry_counters import EntryCounters
from risk.state.invalidation import TrackedCondition
from risk.state.persistent_state import PersistentState

MAX_SNAPSHOTS = 20
MAX_SEEN = 20_000


@dataclass(frozen=True, slots=True)
class SnapshotMarks:
    """A snapshot's marks, and when it was made (wall time)."""

    made_ms: int
    marks: dict[Symbol, Decimal]


@dataclass(slots=True)
class ModelState:
    """What risk remembers of one model.

    `seen` holds cycle and kind of its approved orders, oldest first, for the rule DUPLICATE: what the rebuild finds
    again in `intents`. `conditions` holds the invalidation conditions by intent id.
    """

    account: AccountUpdated | None = None
    reservations: dict[str, Reservation] = field(default_factory=dict)
    counters: EntryCounters = field(default_factory=EntryCounters)
    seen: dict[tuple[str, IntentKind], None] = field(default_factory=dict)
    conditions: dict[str, TrackedCondition] = field(default_factory=dict)

    def record_seen(self, cycle: str, intent_kind: IntentKind) -> None:
        """Remembers that a cycle has its approved order of this kind."""
        self.seen[cycle, intent_kind] = None
        while len(self.seen) > MAX_SEEN:
            del self.seen[next(iter(self.seen))]

    def end_covered(self, covered: Iterable[str], at_ms: int) -> None:
        """Ends the reservations of intents that an account state covers.

        Streams are independent: the state that covers an entry may arrive before the entry's fill, so the entry counts
        as sent from here on; `EntryCounters.withdraw_sent` takes that back should it end unsent.
        """
        for intent_id in covered:
            reserved = self.reservations.pop(intent_id, None)
            if reserved is not None and reserved.is_entry:
                self.counters.record_sent(intent_id, at_ms)

    def release(self, intent_ids: Iterable[str]) -> None:
        """Ends reservations."""
        for intent_id in intent_ids:
            self.reservations.pop(intent_id, None)

    def track_condition(self, intent_id: str, intent: OrderIntent) -> None:
        """Tracks the invalidation condition of an entry, if it carries one."""
        if intent.invalidation_condition is not None and not intent.reduce_only:
            side = Side.LONG if intent.side is OrderSide.BUY else Side.SHORT
            self.conditions[intent_id] = TrackedCondition(
                intent_id, intent.symbol, side, intent.invalidation_condition, intent.watched_after_ms or 0
            )

    def forget_closed(self) -> None:
        """Drops the conditions of entries that are neither held, by the newest account state, nor unfinished."""
        if self.account is None or not self.conditions:
            return
        alive = {held.intent_id for held in self.account.positions} | set(self.account.open_intents)
        self.conditions = {
            intent_id: tracked
            for intent_id, tracked in self.conditions.items()
            if intent_id in alive or intent_id in self.reservations
        }

    def entries_on(self, day: int, but: str = "") -> int:
        """Entries that reached the exchange that UTC day and those that still may, without the intent `but`."""
        unfinished = [intent_id for intent_id, reserved in self.reservations.items() if reserved.is_entry]
        return self.counters.entries_on(day, unfinished, but)


@dataclass(slots=True)
class RiskState:
    """Everything that risk remembers. `market_ms` is the newest market time seen."""

    models: dict[str, ModelState]
    persistent: PersistentState = field(default_factory=PersistentState)
    markets: dict[Symbol, Market] = field(default_factory=dict)
    snapshots: dict[str, SnapshotMarks] = field(default_factory=dict)
    market_ms: int = 0

    @classmethod
    def empty(cls, models: Iterable[str]) -> "RiskState":
        return cls({model: ModelState() for model in models})

    def model(self, model: str) -> ModelState:
        """The model's state, begun empty for one that is not known yet."""
        return self.models.setdefault(model, ModelState())

    def enter_epoch(self, model: str, epoch: str) -> ModelState:
        """The model trades another account from here on: what is remembered of it begins empty."""
        is_first = not self.persistent.record(model).epoch
        self.persistent = self.persistent.with_epoch(model, epoch)
        if not is_first:
            self.models[model] = ModelState()
        return self.model(model)

    def record_snapshot(self, snapshot_id: str, marks: SnapshotMarks) -> None:
        self.snapshots[snapshot_id] = marks
        while len(self.snapshots) > MAX_SNAPSHOTS:
            del self.snapshots[next(iter(self.snapshots))]

    def missing(self, coins: Iterable[Symbol]) -> dict[str, str]:
        """What has not arrived since the start, by readiness condition; empty when all is there."""
        reasons = {}
        waiting = [coin for coin in coins if coin not in self.markets]
        if waiting:
            reasons["market"] = "waiting for ticks of " + ", ".join(waiting)
        for model, held in self.models.items():
            if held.account is None:
                reasons[f"account-{model}"] = "waiting for an account state"
        return reasons
