"""The order books: the market's own levels, reduced by what accounts have taken, and the accounts' resting orders."""

import math
from bisect import insort
from decimal import Decimal
from typing import Any

from simulator.exchange.state.orders import ZERO, Order
from simulator.market.coin_market import Level
from simulator.market.coins import COINS
from simulator.market.market import Market

RECOVERY_S = 8.0
"""Time constant with which taken depth recovers."""

Side = tuple[str, bool]
"""(coin, is_buy): True for the bids."""


def priority(order: Order) -> tuple[Decimal, int]:
    """Best price first, then the older order."""
    return (-order.price if order.is_buy else order.price, order.oid)


class OrderBooks:
    """Both sides of every coin.

    Taking from a level changes the market's list in place. A market step replaces the list; `refresh` then reduces the
    new list once by the depth that has not recovered yet (`taken`).
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self.resting: dict[Side, list[Order]] = {}
        self.taken: dict[Side, float] = {}
        self._seen: dict[Side, list[Level]] = {}

    def levels(self, coin: str, is_buy: bool) -> list[Level]:
        """The market's own levels of a side, best first."""
        market = self._market.coins[coin]
        return market.bids if is_buy else market.asks

    def orders(self, coin: str, is_buy: bool) -> list[Order]:
        """The accounts' resting orders of a side, best first."""
        return self.resting.get((coin, is_buy), [])

    def rest(self, order: Order) -> None:
        """Adds an order behind the size that the market shows at its price (`ahead`)."""
        order.ahead = self._shown(order)
        insort(self.resting.setdefault((order.coin, order.is_buy), []), order, key=priority)

    def remove(self, order: Order) -> None:
        side = self.resting.get((order.coin, order.is_buy))
        if side and order in side:
            side.remove(order)

    def best(self, coin: str, is_buy: bool) -> Decimal | None:
        """The best price of a side, of the market or an account."""
        prices = [level.price for level in self.levels(coin, is_buy)[:1]]
        prices += [order.price for order in self.orders(coin, is_buy)[:1]]
        return (max(prices) if is_buy else min(prices)) if prices else None

    def mid(self, coin: str) -> Decimal | None:
        bid, ask = self.best(coin, True), self.best(coin, False)
        return None if bid is None or ask is None else (bid + ask) / 2

    def view(self, coin: str, is_buy: bool) -> list[Level]:
        """The public book of a side: market levels and resting orders merged, best first."""
        joined = {level.price: Level(level.price, level.size, level.count) for level in self.levels(coin, is_buy)}
        for order in self.orders(coin, is_buy):
            level = joined.setdefault(order.price, Level(order.price, ZERO, 0))
            level.size += order.size
            level.count += 1
        return [joined[price] for price in sorted(joined, reverse=is_buy)]

    def take_from(self, coin: str, is_buy: bool, level: Level, size: Decimal) -> None:
        """Takes `size` from a market level; orders that queue behind it move up."""
        level.size -= size
        self.taken[coin, is_buy] = self.taken.get((coin, is_buy), 0.0) + float(size)
        for order in self.orders(coin, is_buy):
            if order.price == level.price:
                order.ahead = max(ZERO, order.ahead - size)
        if level.size <= 0:
            levels = self.levels(coin, is_buy)
            levels[:] = [each for each in levels if each.size > 0]

    def move_last_level(self, order: Order) -> None:
        """Moves the market's last level one step behind an order that rests at its price: the book must not cross."""
        [level] = self.levels(order.coin, not order.is_buy)
        for other in self.orders(order.coin, not order.is_buy):
            if other.price == level.price:
                other.ahead = ZERO
        step = Decimal(repr(COINS[order.coin].price_step(float(order.price))))
        level.price = order.price + (step if order.is_buy else -step)

    def refresh(self, dt_s: float) -> None:
        """Recovers taken depth after a market step and reduces new levels by what is still missing."""
        for coin in self._market.coins:
            for is_buy in (True, False):
                side = (coin, is_buy)
                missing = self.taken.get(side, 0.0) * math.exp(-dt_s / RECOVERY_S)
                self.taken[side] = missing
                levels = self.levels(coin, is_buy)
                if levels is not self._seen.get(side):
                    self._seen[side] = levels
                    _reduce(levels, missing, COINS[coin].lot)
                for order in self.orders(coin, is_buy):
                    order.ahead = min(order.ahead, self._shown(order))

    def save(self) -> dict[str, Any]:
        """The state that a restart needs beside the orders: missing depth, and the size queued ahead of each order."""
        return {
            "taken": [[coin, is_buy, missing] for (coin, is_buy), missing in self.taken.items()],
            "ahead": {order.oid: str(order.ahead) for side in self.resting.values() for order in side},
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Continues from a saved state, after the orders were added; the market's levels are already reduced."""
        self.taken = {(coin, is_buy): missing for coin, is_buy, missing in saved["taken"]}
        for side in self.resting.values():
            for order in side:
                order.ahead = Decimal(saved["ahead"].get(str(order.oid), order.ahead))
        for coin in self._market.coins:
            for is_buy in (True, False):
                self._seen[coin, is_buy] = self.levels(coin, is_buy)

    def _shown(self, order: Order) -> Decimal:
        levels = self.levels(order.coin, order.is_buy)
        return next((level.size for level in levels if level.price == order.price), ZERO)


def _reduce(levels: list[Level], missing: float, lot: Decimal) -> None:
    """Removes `missing` coin from the best levels down; one lot of the last level always stays."""
    while missing > 0:
        size = float(levels[0].size)
        if size > missing or len(levels) == 1:
            levels[0].size = max(lot, Decimal(repr(size - missing)).quantize(lot))
            return
        missing -= size
        del levels[0]
