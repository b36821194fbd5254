"""Frames in, market state out: the newest of each state channel, every trade and candle. No I/O."""

from decimal import Decimal
from typing import Any

from common.trading.symbols import INTERVALS_MS, SYMBOLS, Symbol
from ingester.book import CoinState
from ingester.candles import Candles, normalised
from ingester.wire import LATEST_WINS, Frame, UnreadableFrame, coin_of, content_of, is_market_data

_KNOWN = {str(symbol): symbol for symbol in SYMBOLS}


class Feed:
    """The market as the frames tell it. `newest_ms` is the newest exchange time seen."""

    def __init__(self) -> None:
        self.coins = {symbol: CoinState(symbol) for symbol in SYMBOLS}
        self.candles = Candles()
        self.newest_ms = 0
        self._waiting: dict[tuple[str, str], tuple[Frame, int]] = {}
        self.heard_ms: dict[tuple[str, str], int] = {}

    def take(self, frame: Frame, received_ms: int) -> None:
        """Takes one frame at its receipt. Raises UnreadableFrame."""
        if not is_market_data(frame):
            return
        if frame.channel in LATEST_WINS:
            key = (frame.channel, coin_of(frame))
            self._waiting[key] = (frame, received_ms)
            self.heard_ms[key] = received_ms
        else:
            self._apply(frame.channel, content_of(frame), received_ms)

    def settle(self) -> set[Symbol]:
        """Applies the frames that have waited; returns the coins whose state changed."""
        waiting, self._waiting = self._waiting, {}
        changed: set[Symbol] = set()
        for (channel, _), (frame, received_ms) in waiting.items():
            changed |= self._apply(channel, content_of(frame), received_ms)
        return changed

    def is_whole(self) -> bool:
        """Whether every coin has price, context and book."""
        return all(coin.tick() is not None for coin in self.coins.values())

    def _apply(self, channel: str, content: Any, received_ms: int) -> set[Symbol]:
        if channel == "allMids":
            return self._take_mids(content.mids)
        if channel == "trades":
            for trade in content:
                self._take_time(trade.time)
                if trade.coin in _KNOWN:
                    self.coins[_KNOWN[trade.coin]].take_trades([trade])
            return set()
        if channel == "candle":
            if content.s in _KNOWN and content.i in INTERVALS_MS:
                self.candles.add((_KNOWN[content.s], content.i), normalised(content))
            return set()
        symbol = _KNOWN.get(content.coin)
        if symbol is None:
            return set()
        coin = self.coins[symbol]
        if channel == "activeAssetCtx":
            coin.take_context(content.ctx, received_ms)
            return {symbol}
        self._take_time(content.time)
        if channel == "l2Book":
            coin.take_book(content, received_ms)
        else:
            coin.take_bbo(content, received_ms)
        return {symbol}

    def _take_mids(self, mids: dict[str, str]) -> set[Symbol]:
        changed = set()
        for name, symbol in _KNOWN.items():
            if name in mids and self.coins[symbol].mid_price != (mid := Decimal(mids[name])):
                self.coins[symbol].mid_price = mid
                changed.add(symbol)
        return changed

    def _take_time(self, time_ms: int) -> None:
        self.newest_ms = max(self.newest_ms, time_ms)


__all__ = ["Feed", "UnreadableFrame"]
