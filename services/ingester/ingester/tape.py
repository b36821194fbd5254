"""One coin's recent trades: each counted once, forgotten after the window. No I/O."""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from common.events import TradeFlow
from ingester.wire import UnreadableFrame, WireTrade, amount, price

WINDOW_S = 300
MOST_TRADES = 50_000


class _Print(NamedTuple):
    """One trade: exchange ms, the exchange's id, USD; bought counts positive, sold negative (the aggressor's side)."""

    time_ms: int
    trade_id: int
    usd: float


class Tape:
    """The trades of the last minutes of exchange time. Every new subscription begins with trades already seen."""

    def __init__(self) -> None:
        self._prints: deque[_Print] = deque()
        self._seen: set[tuple[int, int]] = set()
        self._newest_ms = 0

    def take(self, trades: Iterable[WireTrade]) -> None:
        """Enters trades. Raises UnreadableFrame."""
        for trade in trades:
            if trade.side not in ("B", "A"):
                raise UnreadableFrame(f"trades: no side: {trade.side[:10]!r}")
            key = (trade.time, trade.tid)
            if key in self._seen:
                continue
            usd = float(price(trade.px) * amount(trade.sz))
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

    def _forget(self, before_ms: int) -> None:
        while self._prints and (self._prints[0].time_ms < before_ms or len(self._prints) > MOST_TRADES):
            oldest = self._prints.popleft()
            self._seen.discard((oldest.time_ms, oldest.trade_id))
