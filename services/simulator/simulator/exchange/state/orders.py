"""Orders, fills and TWAPs: the records of the exchange. Their field names are those of the stored documents."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from simulator.exchange.order_status import OrderStatus
from simulator.market.coins import Coin

ZERO = Decimal(0)


@dataclass(slots=True)
class Request:
    """One order as requested, parsed."""

    coin: Coin
    is_buy: bool
    price: Decimal
    size: Decimal
    reduce_only: bool
    tif: str = "Gtc"
    cloid: str | None = None
    trigger_price: Decimal | None = None
    trigger_is_market: bool = False
    trigger_kind: str = ""
    builder: str | None = None
    builder_units: int = 0
    size_limit: Decimal | None = None

    @property
    def fires_above(self) -> bool:
        """Whether the trigger fires on a rising mark: buy stops and sell targets do."""
        return self.is_buy == (self.trigger_kind == "sl")


@dataclass(slots=True)
class Order:
    """One order. Sizes in coin, prices in USD; `trigger_price` is None for plain orders.

    `parent` and `children` link a bracket; a child with `waits` isn't active until its parent is filled.
    `ahead` is the market's size at this price that is filled first, in coin. `liquidation` marks an order
    by which the exchange liquidates an account, `is_deleveraging` its counterpart in auto-deleveraging,
    `is_settlement` one by which it settles a coin's positions. A trigger tied to the position has its size, up to
    `size_limit` where one is given.
    """

    oid: int
    account: str
    coin: str
    is_buy: bool
    price: Decimal
    size: Decimal
    original_size: Decimal
    tif: str
    reduce_only: bool
    time_ms: int
    cloid: str | None = None
    trigger_price: Decimal | None = None
    trigger_is_market: bool = False
    trigger_kind: str = ""
    is_position_tpsl: bool = False
    is_triggered: bool = False
    waits: bool = False
    parent: int | None = None
    children: list[int] = field(default_factory=list)
    status: OrderStatus = OrderStatus.OPEN
    status_ms: int = 0
    filled: Decimal = ZERO
    filled_usd: Decimal = ZERO
    ahead: Decimal = ZERO
    twap_id: int | None = None
    liquidation: dict[str, Any] | None = None
    is_deleveraging: bool = False
    builder: str | None = None
    builder_units: int = 0
    is_settlement: bool = False
    size_limit: Decimal | None = None

    @property
    def is_trigger(self) -> bool:
        return self.trigger_price is not None and not self.is_triggered

    @property
    def is_open(self) -> bool:
        return self.status == OrderStatus.OPEN

    @property
    def fires_above(self) -> bool:
        """Whether the trigger fires on a rising mark: buy stops and sell targets do."""
        return self.is_buy == (self.trigger_kind == "sl")


@dataclass(slots=True)
class Fill:
    """One fill of one account's order. `fee` includes the builder's, positive is paid; `closed_pnl` is before fees."""

    account: str
    coin: str
    price: Decimal
    size: Decimal
    is_buy: bool
    time_ms: int
    start_position: Decimal
    closed_pnl: Decimal
    oid: int
    crossed: bool
    fee: Decimal
    tid: int
    cloid: str | None = None
    liquidation: dict[str, Any] | None = None
    twap_id: int | None = None
    counterparty: str | None = None
    is_deleveraging: bool = False
    builder_fee: Decimal = ZERO
    is_settlement: bool = False

    @property
    def direction(self) -> str:
        """Hyperliquid's word for what the fill did to the position."""
        if self.is_deleveraging:
            return "Auto-Deleveraging"
        if self.is_settlement:
            return "Settlement"
        before = self.start_position
        after = before + (self.size if self.is_buy else -self.size)
        if before > 0 > after:
            return "Long > Short"
        if before < 0 < after:
            return "Short > Long"
        if abs(after) > abs(before):
            return "Open Long" if after > 0 else "Open Short"
        return "Close Long" if before > 0 else "Close Short"


@dataclass(slots=True)
class Twap:
    """An order executed in slices over `minutes`; `status`: activated, then finished, terminated or error."""

    id: int
    account: str
    coin: str
    is_buy: bool
    size: Decimal
    reduce_only: bool
    minutes: int
    randomize: bool
    started_ms: int
    next_ms: int
    executed: Decimal = ZERO
    executed_usd: Decimal = ZERO
    status: str = "activated"
    error: str = ""
