"""One account: cash, positions with their margin, leverage settings, and the figures derived from them."""

from dataclasses import dataclass, field
from decimal import Decimal

from simulator.exchange.state import account_modes
from simulator.market.coins import COINS, Coin

ZERO = Decimal(0)


@dataclass(slots=True)
class Leverage:
    """A coin's leverage setting of one account."""

    value: int
    is_cross: bool = True


@dataclass(slots=True)
class Position:
    """One position. `size` signed, in coin. `raw_usd` is an isolated position's own cash: margin − size × entry."""

    coin: str
    size: Decimal
    entry_price: Decimal
    leverage: int
    is_cross: bool
    raw_usd: Decimal = ZERO
    funding_all: Decimal = ZERO
    funding_open: Decimal = ZERO
    funding_change: Decimal = ZERO

    def equity(self, mark: Decimal) -> Decimal:
        """Cash of an isolated position plus its value."""
        return self.raw_usd + self.size * mark

    def unrealized(self, mark: Decimal) -> Decimal:
        return self.size * (mark - self.entry_price)


@dataclass(slots=True)
class Account:
    """`raw_usd` is cash minus the cost of cross positions (the docs' totalRawUsd without isolated ones).

    `volumes` are USD by day since 1970: [taker, maker]. A sub-account has a `master`. `builders` are the fees that it
    has approved, in tenths of a basis point. With one balance for perpetuals and spot all cash is in `raw_usd`, none in
    `spot_usd`. `outcomes` are amounts of prediction tokens by name, which only a test gives an account.
    """

    address: str
    raw_usd: Decimal = ZERO
    master: str | None = None
    name: str = ""
    positions: dict[str, Position] = field(default_factory=dict)
    leverages: dict[str, Leverage] = field(default_factory=dict)
    volume_usd: Decimal = ZERO
    volumes: dict[int, list[Decimal]] = field(default_factory=dict)
    spot_usd: Decimal = ZERO
    paid_in_usd: Decimal = ZERO
    requests_used: int = 0
    requests_reserved: int = 0
    next_request_ms: int = 0
    cancel_all_ms: int | None = None
    cancel_all_days: dict[int, int] = field(default_factory=dict)
    liquidated_ms: dict[str, int] = field(default_factory=dict)
    funding_all: dict[str, Decimal] = field(default_factory=dict)
    builders: dict[str, int] = field(default_factory=dict)
    mode: str = account_modes.DEFAULT
    actions_by_day: tuple[int, int] = (0, 0)
    outcomes: dict[str, Decimal] = field(default_factory=dict)

    @property
    def is_pooled(self) -> bool:
        """Whether perpetuals and spot have one balance."""
        return self.mode in account_modes.POOLED

    def set_mode(self, mode: str) -> None:
        """Changes the mode; a common balance takes in what the spot balance held."""
        self.mode = mode
        if self.is_pooled:
            self.raw_usd, self.spot_usd = self.raw_usd + self.spot_usd, ZERO

    def add_to_spot(self, usd: Decimal) -> None:
        """Adds to the spot balance (or takes from it), whichever cash holds it."""
        if self.is_pooled:
            self.raw_usd += usd
        else:
            self.spot_usd += usd

    def leverage_of(self, coin: Coin) -> Leverage:
        """The setting; the default is 20x cross, capped by the coin's maximum."""
        return self.leverages.get(coin.name, Leverage(min(20, coin.max_leverage)))

    def position_size(self, coin: str) -> Decimal:
        position = self.positions.get(coin)
        return position.size if position else ZERO


def maintenance_fraction(coin: Coin) -> Decimal:
    return 1 / (2 * Decimal(coin.max_leverage))


def maintenance_usd(coin: Coin, notional: Decimal) -> Decimal:
    """Maintenance margin with the second tier's deduction. Source: Hyperliquid docs, Margin tiers."""
    bound = Decimal(coin.tier_bound_usd)
    if notional < bound:
        return notional * maintenance_fraction(coin)
    upper = 1 / (2 * Decimal(coin.tier_leverage))
    return notional * upper - bound * (upper - maintenance_fraction(coin))


@dataclass(frozen=True, slots=True)
class Figures:
    """An account's sums in USD at given mark prices."""

    account_value: Decimal
    cross_value: Decimal
    total_notional: Decimal
    cross_notional: Decimal
    margin_used: Decimal
    cross_margin_used: Decimal
    cross_maintenance: Decimal
    withdrawable: Decimal


def figures(account: Account, marks: dict[str, Decimal]) -> Figures:
    """The sums that clearinghouseState shows."""
    cross_value, value, notional, cross_notional = account.raw_usd, account.raw_usd, ZERO, ZERO
    used, cross_used, maintenance = ZERO, ZERO, ZERO
    for position in account.positions.values():
        mark = marks[position.coin]
        size_usd = abs(position.size) * mark
        notional += size_usd
        if position.is_cross:
            cross_notional += size_usd
            cross_value += position.size * mark
            value += position.size * mark
            used += size_usd / position.leverage
            cross_used += size_usd / position.leverage
            maintenance += maintenance_usd(COINS[position.coin], size_usd)
        else:
            value += position.equity(mark)
            used += position.equity(mark)
    withdrawable = max(ZERO, cross_value - max(cross_used, cross_notional / 10))
    return Figures(value, cross_value, notional, cross_notional, used, cross_used, maintenance, withdrawable)


def total_usd(account: Account) -> Decimal:
    """The common balance of perpetuals and spot: all cash, with every position at its entry price."""
    positions = account.positions.values()
    return account.raw_usd + sum((each.raw_usd + each.size * each.entry_price for each in positions), ZERO)


def position_hold_usd(account: Account, marks: dict[str, Decimal]) -> Decimal:
    """What positions hold of the common balance: posted margin, margin of cross positions, and these ones' loss."""
    hold, gain = ZERO, ZERO
    for position in account.positions.values():
        if position.is_cross:
            hold += abs(position.size) * marks[position.coin] / position.leverage
            gain += position.unrealized(marks[position.coin])
        else:
            hold += position.raw_usd + position.size * position.entry_price
    return hold + max(ZERO, -gain)


def is_within_tier(coin: Coin, notional: Decimal, leverage: int) -> bool:
    """Whether a position of that notional may have that leverage."""
    return leverage <= (coin.tier_leverage if notional > coin.tier_bound_usd else coin.max_leverage)


def margin_used(position: Position, mark: Decimal) -> Decimal:
    """The position's margin: its own equity when isolated, else notional over leverage."""
    if position.is_cross:
        return abs(position.size) * mark / position.leverage
    return position.equity(mark)


def liquidation_price(account: Account, position: Position, marks: dict[str, Decimal]) -> Decimal | None:
    """The mark price at which the position is liquidated, or None. Source: Hyperliquid docs, Liquidations."""
    coin = COINS[position.coin]
    side = 1 if position.size > 0 else -1
    fraction = maintenance_fraction(coin)
    if position.is_cross:
        sums = figures(account, marks)
        mark = marks[position.coin]
        available = sums.cross_value - sums.cross_maintenance
        price = mark - side * available / abs(position.size) / (1 - fraction * side)
    else:
        price = -position.raw_usd / (position.size * (1 - side * fraction))
    return price if price > 0 else None


def apply_trade(account: Account, coin: Coin, change: Decimal, price: Decimal) -> Decimal:
    """Applies a trade of `change` coin (signed) at `price` to the position; returns the closed profit before fees."""
    position = account.positions.get(coin.name)
    if position is not None and position.size * change < 0:
        closing = -position.size if abs(change) >= abs(position.size) else change
        closed = _reduce(account, position, closing, price)
        rest = change - closing
        if rest:
            _open(account, coin, rest, price)
        return closed
    if position is None:
        _open(account, coin, change, price)
    else:
        _grow(account, position, change, price)
    return ZERO


def _open(account: Account, coin: Coin, change: Decimal, price: Decimal) -> None:
    setting = account.leverage_of(coin)
    position = Position(coin.name, ZERO, price, setting.value, setting.is_cross)
    position.funding_all = account.funding_all.get(coin.name, ZERO)
    account.positions[coin.name] = position
    _grow(account, position, change, price)


def _grow(account: Account, position: Position, change: Decimal, price: Decimal) -> None:
    total = abs(position.size) + abs(change)
    position.entry_price = (abs(position.size) * position.entry_price + abs(change) * price) / total
    position.size += change
    position.funding_change = ZERO
    if position.is_cross:
        account.raw_usd -= change * price
    else:
        margin = abs(change) * price / position.leverage
        account.raw_usd -= margin
        position.raw_usd += margin - change * price


def _reduce(account: Account, position: Position, change: Decimal, price: Decimal) -> Decimal:
    closed = -change * (price - position.entry_price)
    if position.is_cross:
        account.raw_usd -= change * price
    else:
        share = abs(change) / abs(position.size)
        release = position.equity(price) * share
        position.raw_usd += -change * price - release
        account.raw_usd += release
    position.size += change
    position.funding_change = ZERO
    if position.size == 0:
        account.raw_usd += position.raw_usd
        account.funding_all[position.coin] = position.funding_all
        del account.positions[position.coin]
    return closed
