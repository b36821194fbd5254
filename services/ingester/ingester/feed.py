"""Frames in, market state out: the newest of each state channel, every trade and candle. No I/O."""

from dataclasses import dataclass, field
from typing import Any

from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from common.trading.symbols import SYMBOLS
from ingester.book import CoinState
from ingester.candles import Candles, normalised
from ingester.wire import LATEST_WINS, MARKET_CHANNELS, Frame, UnreadableFrame, coin_of, content_of, price

_KNOWN = {str(symbol): symbol for symbol in SYMBOLS}
WATCHED = (("allMids", ""), *((channel, coin) for channel in ("activeAssetCtx", "l2Book") for coin in _KNOWN))
"""Streams that are never silent for long while the market lives; a bbo, a trade or a candle may be."""


@dataclass(slots=True)
class Settled:
    """What settling did: the coins that changed, and why frames were skipped."""

    changed: set[Symbol] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)


class Feed:
    """The market as the frames tell it. `newest_ms` is the newest exchange time heard since the last connection."""

    def __init__(self) -> None:
        self.coins = {symbol: CoinState(symbol) for symbol in SYMBOLS}
        self.candles = Candles()
        self.newest_ms = 0
        self.heard_ms: dict[tuple[str, str], int] = {}
        self._waiting: dict[tuple[str, str], tuple[Frame, int]] = {}

    def begin(self, now_ms: int) -> None:
        """A new connection: every watched stream has until the stall limit to be heard."""
        self._waiting.clear()
        self.newest_ms = 0
        self.heard_ms = dict.fromkeys(WATCHED, now_ms)
        for coin in self.coins.values():
            coin.forget_order()

    def take(self, frame: Frame, received_ms: int) -> None:
        """Takes one frame at its receipt; state frames wait, undecoded, for `settle`. Raises UnreadableFrame."""
        if frame.channel in LATEST_WINS:
            key = (frame.channel, coin_of(frame))
            if key[1] and key[1] not in _KNOWN:
                return
            self._waiting[key] = (frame, received_ms)
            if key in self.heard_ms:
                self.heard_ms[key] = received_ms
        elif frame.channel in MARKET_CHANNELS:
            self._take_fact(frame.channel, content_of(frame))

    def settle(self, market_ms: int) -> Settled:
        """Applies the frames that have waited; one that can't be read is skipped alone."""
        waiting, self._waiting = self._waiting, {}
        settled = Settled()
        for frame, received_ms in waiting.values():
            try:
                settled.changed |= self._take_state(frame.channel, content_of(frame), received_ms, market_ms)
            except UnreadableFrame as error:
                settled.unreadable.append(str(error))
        return settled

    def silent(self, before_ms: int) -> str | None:
        """A watched stream that was last heard before a wall time, if there is one."""
        quiet = (key for key, heard_ms in self.heard_ms.items() if heard_ms < before_ms)
        return next((f"{channel} {coin}".strip() for channel, coin in quiet), None)

    def unknown(self) -> list[str]:
        """Coins without price, context or book."""
        return [symbol.value for symbol, coin in self.coins.items() if not coin.is_known]

    def _take_fact(self, channel: str, content: Any) -> None:
        if channel == "candle":
            if content.s in _KNOWN and content.i in INTERVALS_MS:
                self.candles.add((_KNOWN[content.s], content.i), normalised(content))
            return
        for trade in content:
            if trade.coin in _KNOWN:
                self.coins[_KNOWN[trade.coin]].tape.take([trade])
                self._take_time(trade.time)

    def _take_state(self, channel: str, content: Any, received_ms: int, market_ms: int) -> set[Symbol]:
        if channel == "allMids":
            return self._take_mids(content.mids, market_ms)
        symbol = _KNOWN[content.coin]
        coin = self.coins[symbol]
        if channel == "activeAssetCtx":
            coin.take_context(content.ctx, received_ms)
            return {symbol}
        self._take_time(content.time)
        is_news = coin.take_book(content, received_ms) if channel == "l2Book" else coin.take_bbo(content, received_ms)
        return {symbol} if is_news else set()

    def _take_mids(self, mids: dict[str, str], market_ms: int) -> set[Symbol]:
        known = {symbol: price(mids[name]) for name, symbol in _KNOWN.items() if name in mids}
        changed = {symbol for symbol, mid in known.items() if self.coins[symbol].mid_price != mid}
        for symbol, mid in known.items():
            self.coins[symbol].take_mid(mid, market_ms)
        return changed

    def _take_time(self, time_ms: int) -> None:
        self.newest_ms = max(self.newest_ms, time_ms)
