"""One coin's recent market trades: each counted once, dropped after the window."""

from collections import deque
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import NamedTuple

from common.events import TradeFlow
from common.trading.orders import OrderSide

WINDOW_S = 300
KEPT_TRADES = 50
MAX_COUNTED_TRADES = 50_000


class MarketTrade(NamedTuple):
    """One match on the exchange; `side` is the aggressor's."""

    trade_id: int
    time_ms: int
    side: OrderSide
    price: Decimal
    size: Decimal


class _SignedTrade(NamedTuple):
    """What the flow needs of a trade: bought counts positive, sold negative."""

    time_ms: int
    trade_id: int
    usd: float


class Tape:
    """The trades of the last minutes of exchange time, and the newest ones as they came.

    A subscription begins with trades of the past, so after a reconnection many arrive a second time: a trade is known
    by its time and id, counts once in the flow, and keeps its place among the newest.
    """

    def __init__(self) -> None:
        self._newest: dict[tuple[int, int], MarketTrade] = {}
        self._window: deque[_SignedTrade] = deque()
        self._counted: set[tuple[int, int]] = set()
        self._newest_ms = 0

    def add(self, trade: MarketTrade) -> None:
        """Adds one trade and drops what has left the window."""
        key = (trade.time_ms, trade.trade_id)
        self._keep(key, trade)
        if key not in self._counted:
            usd = float(trade.price * trade.size)
            self._window.append(_SignedTrade(*key, usd if trade.side is OrderSide.BUY else -usd))
            self._counted.add(key)
            self._newest_ms = max(self._newest_ms, trade.time_ms)
        self._drop_before(self._newest_ms - WINDOW_S * 1000)

    def flow(self, market_ms: int) -> TradeFlow:
        """What was bought and sold in the window that ends at a market time."""
        recent = [each.usd for each in self._window if each.time_ms > market_ms - WINDOW_S * 1000]
        return TradeFlow.unchecked(
            window_s=WINDOW_S,
            buy_usd=round(sum((usd for usd in recent if usd > 0), 0.0), 2),
            sell_usd=round(sum((-usd for usd in recent if usd < 0), 0.0), 2),
            trade_count=len(recent),
        )

    @property
    def newest(self) -> list[MarketTrade]:
        """At most KEPT_TRADES, newest first; those of one moment in the reverse order of their arrival."""
        return sorted(self._newest.values(), key=attrgetter("time_ms"))[: -KEPT_TRADES - 1 : -1]

    def _keep(self, key: tuple[int, int], trade: MarketTrade) -> None:
        self._newest[key] = trade
        if len(self._newest) > 2 * KEPT_TRADES:
            oldest_first = sorted(self._newest, key=itemgetter(0))
            for old in oldest_first[:-KEPT_TRADES]:
                del self._newest[old]

    def _drop_before(self, before_ms: int) -> None:
        while self._window and (self._window[0].time_ms < before_ms or len(self._window) > MAX_COUNTED_TRADES):
            oldest = self._window.popleft()
            self._counted.discard((oldest.time_ms, oldest.trade_id))
