"""What risk remembers: newest marks and accounts, reservations, counters. Rebuilt, never patched, after doubt."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from common.events import AccountUpdated, IntentKind, OrderIntent
from common.trading.instruments import Symbol
from common.trading.orders import OrderSide, Side
from common.trading.symbols import SYMBOLS
from risk.durable import Durable
from risk.gate_input import Market, Reservation
from risk.invalidation import Watched
from risk.pace import Pace

MAX_SNAPSHOTS = 20
MAX_SEEN = 20_000


@dataclass(frozen=True, slots=True)
class FrozenPrices:
    """A snapshot's marks, and when it was made (wall)."""

    made_ms: int
    marks: dict[Symbol, Decimal]


@dataclass(slots=True)
class ModelState:
    """One model. `seen` holds cycles with their intent kinds, `conditions` the invalidation conditions by intent."""

    account: AccountUpdated | None = None
    reservations: dict[str, Reservation] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)
    seen: dict[tuple[str, IntentKind], None] = field(default_factory=dict)
    conditions: dict[str, Watched] = field(default_factory=dict)

    def note_seen(self, cycle: str, intent_kind: IntentKind) -> None:
        """Remembers that a cycle has had this intent_kind."""
        self.seen[cycle, intent_kind] = None
        while len(self.seen) > MAX_SEEN:
            del self.seen[next(iter(self.seen))]

    def settle(self, covered: Iterable[str], at_ms: int) -> None:
        """Ends the reservations of intents that an account state contains.

        Streams are independent: an entry may be settled before its fill is heard of, so it counts as sent from now
        on; `Pace.was_not_sent` takes that back.
        """
        for intent_id in covered:
            reserved = self.reservations.pop(intent_id, None)
            if reserved is not None and reserved.is_entry:
                self.pace.note_sent(intent_id, at_ms)

    def release(self, intent_ids: Iterable[str]) -> None:
        """Ends reservations."""
        for intent_id in intent_ids:
            self.reservations.pop(intent_id, None)

    def watch(self, intent_id: str, intent: OrderIntent) -> None:
        """Remembers the condition under which an entry's thesis is void, if it came with one."""
        if intent.invalidation_condition is not None and not intent.reduce_only:
            side = Side.LONG if intent.side is OrderSide.BUY else Side.SHORT
            self.conditions[intent_id] = Watched(
                intent_id, intent.symbol, side, intent.invalidation_condition, intent.watched_after_ms or 0
            )

    def forget_closed(self) -> None:
        """Drops the conditions of entries that are neither held, by the newest account state, nor under way."""
        if self.account is None or not self.conditions:
            return
        alive = {held.intent_id for held in self.account.positions} | set(self.account.open_intents)
        self.conditions = {
            intent_id: watched
            for intent_id, watched in self.conditions.items()
            if intent_id in alive or intent_id in self.reservations
        }

    def entries_on(self, day: int, but: str) -> int:
        """Entries that reached the wire that UTC day and those that still may, without the intent `but`."""
        under_way = [intent_id for intent_id, reserved in self.reservations.items() if reserved.is_entry]
        return self.pace.entries_on(day, under_way, but)


@dataclass(slots=True)
class RiskState:
    """Everything. `market_ms` is the newest market time seen."""

    models: dict[str, ModelState]
    durable: Durable = field(default_factory=Durable)
    markets: dict[Symbol, Market] = field(default_factory=dict)
    snapshots: dict[str, FrozenPrices] = field(default_factory=dict)
    market_ms: int = 0

    @classmethod
    def empty(cls, models: Iterable[str]) -> "RiskState":
        return cls({model: ModelState() for model in models})

    def note_snapshot(self, snapshot_id: str, prices: FrozenPrices) -> None:
        self.snapshots[snapshot_id] = prices
        while len(self.snapshots) > MAX_SNAPSHOTS:
            del self.snapshots[next(iter(self.snapshots))]

    def missing(self) -> dict[str, str]:
        """What has not been heard of since the start, by readiness condition; empty when all is there."""
        reasons = {}
        if len(self.markets) < len(SYMBOLS):
            reasons["market"] = "waiting for ticks of " + ", ".join(s for s in SYMBOLS if s not in self.markets)
        for model, held in self.models.items():
            if held.account is None:
                reasons[f"account-{model}"] = "waiting for an account state"
        return reasons
