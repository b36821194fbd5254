"""An exchange whose books and mark prices the test sets, for tests of the exchange's rules."""

from decimal import Decimal
from typing import Any

from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state.account import Account
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.orders import Fill, Order, Request
from simulator.exchange.step import step
from simulator.exchange.trading import order_entry
from simulator.market.coin_market import Level, Trade
from simulator.market.coins import COINS
from simulator.testing.new_world import new_market

T0 = 1_795_400_400_000
A, B = "0x" + "aa" * 20, "0x" + "bb" * 20
D = Decimal

Levels = list[tuple[float, float]]
"""(price, size in coin), best first."""


class ManualExchange:
    """Two funded accounts, A and B, and ETH at 4,000 with a few levels, until the test sets another book."""

    def __init__(self, usd: int = 100_000) -> None:
        self.market = new_market(1, T0)
        self.exchange = Exchange(self.market)
        self.now_ms = T0
        self.fills: list[Fill] = []
        self.ended: dict[int, str] = {}
        for address in (A, B):
            self.exchange.deposit(address, D(usd), T0)
        self.set_book("ETH", 4_000, [(3_999, 10), (3_998, 10), (3_990, 100)], [(4_001, 10), (4_002, 10), (4_010, 100)])

    def set_book(self, coin: str, mark: float, bids: Levels, asks: Levels) -> None:
        """Sets a coin's market levels and its mark price."""
        market = self.market.coins[coin]
        market.mid = market.oracle = market.mark = mark
        market.bids, market.asks = (
            [Level(D(str(price)), D(str(size)), 1) for price, size in side] for side in (bids, asks)
        )

    def account(self, address: str = A) -> Account:
        return self.exchange.accounts[address]

    def size(self, address: str = A, coin: str = "ETH") -> Decimal:
        return self.account(address).position_size(coin)

    def order(self, address: str, size: float, price: float, tif: str = "Gtc", **options: Any) -> Order:
        """Places an order; a negative size sells."""
        coin = COINS[options.pop("coin", "ETH")]
        parent, reduce_only = options.pop("parent", None), options.pop("reduce_only", False)
        request = Request(coin, size > 0, D(str(price)), abs(D(str(size))), reduce_only, tif)
        for name, value in options.items():
            setattr(request, name, value)
        order_entry.check_static(self.exchange, request)
        order = order_entry.place(self.exchange, address, request, self.now_ms, parent=parent)
        self.collect()
        return order

    def trigger(self, address: str, size: float, at: float, kind: str, **options: Any) -> Order:
        """Places a reduce-only market trigger, unless `limit` is given with its limit ten percent beyond."""
        limit = options.pop("limit", round(at * (1.1 if size > 0 else 0.9)))
        options = {"trigger_price": D(str(at)), "trigger_is_market": True, "trigger_kind": kind, **options}
        return self.order(address, size, limit, reduce_only=True, **options)

    def step(self, trades: list[Trade] | None = None, seconds: float = 0.25, coin: str = "ETH") -> None:
        """Steps the exchange over the books as set and these trades of the market."""
        self.now_ms += round(seconds * 1000)
        self.market.time_ms = self.now_ms
        step(self.exchange, {coin: trades or []}, seconds, self.now_ms)
        self.collect()

    def collect(self) -> None:
        """Moves the exchange's changes to `fills` and `ended`."""
        changes = self.exchange.take_changes()
        self.fills += changes.fills
        for _, order, status in changes.updates:
            if status not in (OrderStatus.OPEN, OrderStatus.TRIGGERED):
                self.ended[order.oid] = status

    def market_trade(self, side: str, price: float, size: float) -> Trade:
        """A trade of the market; side is the aggressor's."""
        return Trade(side, price, D(str(size)), self.now_ms, 1)
