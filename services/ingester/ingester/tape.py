"""One coin's recent trades: each counted once, forgotten after the window. No I/O."""

from collections import deque
from collections.abc import Iterable
from operator import attrgetter, itemgetter
from typing import NamedTuple

from common.events import TradeFlow
from ingester.wire import UnreadableFrame, WireTrade, amount, price

WINDOW_S = 300
KEPT_TRADES = 50
MOST_TRADES = 50_000


class _Print(NamedTuple):
    """One trade: exchange ms, the exchange's id, USD; bought counts positive, sold negative (the aggressor's side)."""

    time_ms: int
    trade_id: int
    usd: float


class Tape:
    """The trades of the last minutes of exchange time, and the newest ones as they were told.

    Every new subscription begins with trades already seen.
    """

    def __init__(self) -> None:
        self._newest: dict[tuple[int, int], WireTrade] = {}
        self._prints: deque[_Print] = deque()
        self._seen: set[tuple[int, int]] = set()
        self._newest_ms = 0

    def take(self, trades: Iterable[WireTrade]) -> None:
        """Enters trades. Raises UnreadableFrame."""
        for trade in trades:
            if trade.side not in ("B", "A"):
                raise UnreadableFrame(f"trades: no side: {trade.side[:10]!r}")
            key = (trade.time, trade.tid)
            usd = float(price(trade.px) * amount(trade.sz))
            self._keep(key, trade)
            if key in self._seen:
                continue
            self._prints.append(_Print(*key, usd if trade.side == "B" else -usd))
            self._seen.add(key)
            self._newest_ms = max(self._newest_ms, trade.time)
        self._forget(self._newest_ms - WINDOW_S * 1000)

    def flow(self, market_ms: int) -> TradeFlow:
        """What was bought and sold in the window that ends at a market time."""
        recent = [each.usd for each in self._prints if each.time_ms > market_ms - WINDOW_S * 1000]
        return TradeFlow(
            window_s=WINDOW_S,
            buy_usd=round(sum(usd for usd in recent if usd > 0), 2),
            sell_usd=round(-sum(usd for usd in recent if usd < 0), 2),
            trade_count=len(recent),
        )

    @property
    def newest(self) -> list[WireTrade]:
        """At most KEPT_TRADES, newest first; those of one moment as they came, the last one first."""
        return sorted(self._newest.values(), key=attrgetter("time"))[::-1]

    def _keep(self, key: tuple[int, int], trade: WireTrade) -> None:
        """One that is told again stays where it is, also when it is older than the window."""
        self._newest[key] = trade
        if len(self._newest) > KEPT_TRADES:
            del self._newest[min(self._newest, key=itemgetter(0))]

    def _forget(self, before_ms: int) -> None:
        while self._prints and (self._prints[0].time_ms < before_ms or len(self._prints) > MOST_TRADES):
            oldest = self._prints.popleft()
            self._seen.discard((oldest.time_ms, oldest.trade_id))
