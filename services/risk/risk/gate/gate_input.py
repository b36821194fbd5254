"""Everything the gate looks at for one decision, frozen: no rule reads anything else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from common.events import AccountPosition, AccountUpdated, Decision, IntentKind
from common.trading.instruments import INSTRUMENTS, Instrument, Symbol
from common.trading.limits import Limits
from common.trading.orders import Side
from risk.gate.halts import Halt


@dataclass(frozen=True, slots=True)
class Market:
    """A coin's newest tick. `time_ms` is the exchange's time, the other three are wall times."""

    mark_price: Decimal
    mid_price: Decimal
    mark_received_ms: int
    book_received_ms: int
    time_ms: int
    recorded_ms: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The snapshot that the decision answers: when it was made (wall time) and the coin's price in it."""

    made_ms: int | None
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class Reservation:
    """What an approved intent may still take while no account state covers it. An exit reserves only its coin.

    `notional_usd` is at the worst price, `margin_usd` with the entry fee, `loss_usd` from the limit price to the stop
    with fees and slippage.
    """

    intent_id: str
    symbol: Symbol
    side: Side
    intent_kind: IntentKind
    notional_usd: Decimal = Decimal(0)
    margin_usd: Decimal = Decimal(0)
    loss_usd: Decimal = Decimal(0)

    @property
    def is_entry(self) -> bool:
        return self.intent_kind is IntentKind.ENTRY


@dataclass(frozen=True, slots=True)
class GateInput:
    """One decision and everything that it is judged by. `now_ms` is wall time, `market_ms` market time.

    `reservations` are the model's, without that of this very decision; `marks` the newest marks of all coins;
    `entries_today` counts entries that reached the wire this UTC day and those that still may; `last_entry_ms` is the
    market time of the latest entry on this coin, `orders_last_minute` counts the model's approvals; `disk_free_percent`
    is None where the disk can't be measured.
    """

    limits: Limits
    now_ms: int
    market_ms: int
    model: str
    intent_kind: IntentKind
    decision: Decision
    answered_ms: int | None
    snapshot: Snapshot
    market: Market | None
    account: AccountUpdated | None
    reservations: tuple[Reservation, ...] = ()
    marks: Mapping[Symbol, Decimal] = field(default_factory=dict)
    halts: tuple[Halt, ...] = ()
    day_start_equity_usd: Decimal | None = None
    high_water_usd: Decimal | None = None
    entries_today: int = 0
    last_entry_ms: int | None = None
    orders_last_minute: int = 0
    seen_before: bool = False
    disk_free_percent: Decimal | None = None

    @property
    def position(self) -> AccountPosition | None:
        """The position held on the decision's coin."""
        positions = self.account.positions if self.account is not None else ()
        return next((held for held in positions if held.symbol is self.decision.symbol), None)

    def instrument(self, symbol: Symbol) -> Instrument:
        """A coin's rules, with no more leverage than the exchange allows now."""
        return INSTRUMENTS[symbol] if self.account is None else self.account.instrument(symbol)

    @property
    def entries_reserved(self) -> tuple[Reservation, ...]:
        return tuple(reserved for reserved in self.reservations if reserved.is_entry)

    def mark_of(self, position: AccountPosition) -> Decimal:
        """The newest mark of a position's coin, else the mark in the account state."""
        return self.marks.get(position.symbol, position.mark_price)
