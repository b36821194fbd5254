"""An account as the exchange reports it, in the terms of the arena. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from common.events import AccountOrder, ExternalPosition
from common.trading.instruments import Symbol
from common.trading.orders import OrderSide, Side
from executor.domain.intent import Intent
from executor.domain.order import OrderRow

LIVE_STATUSES: Final = ("open", "triggered")
"""The exchange's status words of an order that may still be filled."""


@dataclass(frozen=True, slots=True)
class Position:
    """One position as the exchange reports it; positive funding was paid by the account."""

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
class AccountState:
    """Equity, margin and positions of one moment of the exchange.

    `positions` are on the arena's coins, `external` on all others; the sums hold both.
    """

    equity_usd: Decimal
    balance_usd: Decimal
    available_balance_usd: Decimal
    margin_used_usd: Decimal
    total_notional_usd: Decimal
    time_ms: int
    positions: tuple[Position, ...]
    external: tuple[ExternalPosition, ...] = ()

    @property
    def unrealized_pnl_usd(self) -> Decimal:
        return self.equity_usd - self.balance_usd

    @property
    def maintenance_margin_usd(self) -> Decimal:
        """Half the initial margin at each coin's maximum leverage (first tier)."""
        return sum((p.notional_usd / (2 * p.max_leverage) for p in self.positions), Decimal(0))

    @property
    def signed_sizes(self) -> dict[Symbol, Decimal]:
        """Sizes of the positions by coin, negative for shorts."""
        return {position.symbol: position.size_coin * position.side.sign for position in self.positions}


@dataclass(frozen=True, slots=True)
class Fill:
    """One fill of an account's order."""

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
class OrderStatus:
    """An order that the exchange knows: its status word, what was asked for and what is left of it."""

    status: str
    order_id: int
    original_size_coin: Decimal
    remaining_size_coin: Decimal

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_STATUSES

    @property
    def is_rejected(self) -> bool:
        """Ended before anything could be filled: badAloPxRejected, iocCancelRejected, …, rejected."""
        return self.status.lower().endswith("rejected")

    @property
    def filled_size_coin(self) -> Decimal:
        """The filled size by the order's own status; a rejected order keeps its whole size."""
        return self.original_size_coin - self.remaining_size_coin


@dataclass(frozen=True, slots=True)
class ExternalOrder:
    """An open order on a coin that the arena doesn't trade; what the exchange doesn't say of it is None."""

    coin: str | None
    order_id: int | None
    reduce_only: bool


class OpenOrders(NamedTuple):
    """An account's open orders: on the arena's coins, and on all other perpetuals."""

    orders: list[AccountOrder]
    external: list[ExternalOrder]


@dataclass(frozen=True, slots=True)
class Placement:
    """The exchange's answer to one order of an action: either `error`, or an accepted status."""

    error: str | None = None
    order_id: int | None = None
    filled_size_coin: Decimal = Decimal(0)
    average_price: Decimal | None = None
    status: str = ""


@dataclass(frozen=True, slots=True)
class AccountPoll:
    """What the exchange answered to one poll: the state asked for at monotonic time `asked_s` and received at wall time
    `received_ms`, with the open orders as last read."""

    state: AccountState
    open_orders: list[AccountOrder]
    external_orders: list[ExternalOrder]
    asked_s: float
    received_ms: int


@dataclass(slots=True)
class AccountView:
    """One poll of an account: what the exchange reported, when it arrived (wall time), and the intents and orders of
    the tables that stand behind it. `covers` are the ids of ended intents that the state contains."""

    state: AccountState
    received_ms: int
    open_orders: list[AccountOrder]
    external_orders: list[ExternalOrder]
    orders: dict[str, OrderRow]
    entries: dict[Symbol, Intent]
    unfinished: list[Intent]
    covers: tuple[str, ...]

    @property
    def held(self) -> set[Symbol]:
        """Coins of the arena with a position."""
        return {position.symbol for position in self.state.positions}
