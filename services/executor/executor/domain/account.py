"""An account as the exchange reports it. Pure."""

from dataclasses import dataclass, field
from decimal import Decimal

from common.events import AccountOrder, ExternalPosition
from common.trading.instruments import Symbol
from common.trading.orders import OrderSide, Side
from executor.domain.intent import Intent
from executor.domain.order import OrderRow

LIVE = ("open", "triggered")


@dataclass(frozen=True, slots=True)
class WirePosition:
    """One position as the exchange reports it; funding positive was paid by us."""

    symbol: Symbol
    side: Side
    size_coin: Decimal
    entry_price: Decimal
    mark_price: Decimal
    leverage: int
    is_isolated: bool
    notional_usd: Decimal
    unrealized_pnl_usd: Decimal
    margin_used_usd: Decimal
    liquidation_price: Decimal | None
    funding_since_open_usd: Decimal
    max_leverage: int


@dataclass(frozen=True, slots=True)
class WireState:
    """clearinghouseState."""

    equity_usd: Decimal
    cash_usd: Decimal
    withdrawable_usd: Decimal
    margin_used_usd: Decimal
    total_notional_usd: Decimal
    time_ms: int
    positions: tuple[WirePosition, ...]
    foreign: tuple[ExternalPosition, ...] = ()

    @property
    def unrealized_pnl_usd(self) -> Decimal:
        return self.equity_usd - self.cash_usd

    @property
    def maintenance_margin_usd(self) -> Decimal:
        """Half the initial margin at each coin's maximum leverage (first tier)."""
        return sum((p.notional_usd / (2 * p.max_leverage) for p in self.positions), Decimal(0))


@dataclass(frozen=True, slots=True)
class WireFill:
    """One row of userFills."""

    symbol: Symbol
    price: Decimal
    size_coin: Decimal
    side: OrderSide
    time_ms: int
    start_position_coin: Decimal
    direction: str
    closed_pnl_usd: Decimal
    order_id: int
    crossed: bool
    fee_usd: Decimal
    trade_id: int
    client_order_id: str | None
    is_liquidation: bool


@dataclass(frozen=True, slots=True)
class OrderState:
    """orderStatus of a known order: the exchange's status word, what was asked for and what is left of it."""

    status: str
    order_id: int
    original_size_coin: Decimal
    remaining_size_coin: Decimal
    time_ms: int

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def is_refused(self) -> bool:
        """Ended before anything could be filled: badAloPxRejected, iocCancelRejected, …, rejected."""
        return self.status.lower().endswith("rejected")

    @property
    def filled_size_coin(self) -> Decimal:
        """What the order says was filled; a refused order keeps its whole size."""
        return self.original_size_coin - self.remaining_size_coin


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """An open order on a coin that we don't trade."""

    coin: str
    order_id: int
    reduce_only: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """One entry of an order action's statuses. Exactly one of `error` and an accepted status holds."""

    error: str | None = None
    order_id: int | None = None
    filled_size_coin: Decimal = Decimal(0)
    average_price: Decimal | None = None
    status: str = ""


@dataclass(slots=True)
class View:
    """One look: what the exchange said, when (wall ms), and what of ours stands behind it."""

    state: WireState
    came_ms: int
    open_orders: list[AccountOrder]
    foreign_orders: list[ForeignOrder]
    rows: dict[str, OrderRow]
    entries: dict[Symbol, Intent]
    unfinished: list[Intent]
    covers: tuple[str, ...]
    held: set[Symbol] = field(default_factory=set)
