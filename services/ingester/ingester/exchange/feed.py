"""Frames in, market state changed: the newest frame of each state channel, every trade and every candle."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from ingester.exchange.parse import parse_book, parse_candle, parse_context, parse_price, parse_top, parse_trade
from ingester.exchange.wire import (
    LATEST_WINS,
    MARKET_CHANNELS,
    AllMids,
    Frame,
    UnreadableFrame,
    decode_coin,
    decode_content,
)
from ingester.market.state import MarketState

Stream = tuple[str, str]
"""A channel and a coin; the coin is empty for allMids."""


def list_monitored_streams(coins: Sequence[Symbol]) -> list[Stream]:
    """Streams that are never silent for long while the market lives; a bbo, a trade or a candle may be."""
    return [("allMids", ""), *((channel, coin.value) for channel in ("activeAssetCtx", "l2Book") for coin in coins)]


@dataclass(slots=True)
class Applied:
    """What applying the pending frames did: the coins that changed, and why frames were skipped."""

    changed: set[Symbol] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)


class Feed:
    """Applies frames to the market's state.

    `receive` is called by the connection for every frame, `apply_pending` by the tick loop, both in one event loop and
    without an await inside. Of a state channel (prices, books, contexts) only the newest frame matters, so `receive`
    keeps it undecoded and replaces the one before: under load, frames that a later one makes obsolete cost nothing.
    Trades and candles are applied at receipt, for none of them may be dropped. A frame that can't be read changes
    nothing and is reported alone: `receive` raises, `apply_pending` lists the reason and goes on with the next.

    `newest_ms` is the newest exchange time received since the last connection, 0 before the first.
    """

    def __init__(self, market: MarketState) -> None:
        self.market = market
        self.newest_ms = 0
        self.received_ms: dict[Stream, int] = {}
        self._symbols = {symbol.value: symbol for symbol in market.coins}
        self._monitored = list_monitored_streams(list(market.coins))
        self._pending: dict[Stream, tuple[Frame, int]] = {}

    def begin_connection(self, now_ms: int) -> None:
        """Drops what a lost connection left pending; every monitored stream counts as received now."""
        self._pending.clear()
        self.newest_ms = 0
        self.received_ms = dict.fromkeys(self._monitored, now_ms)
        for coin in self.market.coins.values():
            coin.reset_order()

    def receive(self, frame: Frame, received_ms: int) -> None:
        """Takes one frame at its receipt (wall time). Raises UnreadableFrame."""
        if frame.channel in LATEST_WINS:
            stream = (frame.channel, decode_coin(frame))
            if stream[1] and stream[1] not in self._symbols:
                return
            self._pending[stream] = (frame, received_ms)
            if stream in self.received_ms:
                self.received_ms[stream] = received_ms
        elif frame.channel in MARKET_CHANNELS:
            self._apply_record(frame.channel, decode_content(frame))

    def apply_pending(self, market_ms: int) -> Applied:
        """Applies the pending state frames."""
        pending, self._pending = self._pending, {}
        applied = Applied()
        for frame, received_ms in pending.values():
            try:
                applied.changed |= self._apply_state(frame.channel, decode_content(frame), received_ms, market_ms)
            except UnreadableFrame as error:
                applied.unreadable.append(str(error))
        return applied

    def find_silent_stream(self, before_ms: int) -> str | None:
        """A monitored stream that was last received before a wall time, if there is one."""
        silent = (stream for stream, received_ms in self.received_ms.items() if received_ms < before_ms)
        return next((f"{channel} {coin}".strip() for channel, coin in silent), None)

    def _apply_record(self, channel: str, content: Any) -> None:
        if channel == "candle":
            if content.s in self._symbols and content.i in INTERVALS_MS:
                self.market.candles.add((self._symbols[content.s], content.i), parse_candle(content))
            return
        for trade in content:
            if trade.coin in self._symbols:
                self.market.coins[self._symbols[trade.coin]].tape.add(parse_trade(trade))
                self._note_time(trade.time)

    def _apply_state(self, channel: str, content: Any, received_ms: int, market_ms: int) -> set[Symbol]:
        if channel == "allMids":
            return self._apply_mids(content, market_ms)
        symbol = self._symbols[content.coin]
        coin = self.market.coins[symbol]
        if channel == "activeAssetCtx":
            coin.update_context(parse_context(content.ctx), received_ms, market_ms)
            return {symbol}
        self._note_time(content.time)
        if channel == "l2Book":
            has_changed = coin.update_book(parse_book(content), received_ms)
        else:
            has_changed = coin.update_top(parse_top(content), received_ms)
        return {symbol} if has_changed else set()

    def _apply_mids(self, content: AllMids, market_ms: int) -> set[Symbol]:
        mids = {
            symbol: parse_price(content.mids[name]) for name, symbol in self._symbols.items() if name in content.mids
        }
        changed = {symbol for symbol, mid in mids.items() if self.market.coins[symbol].mid_price != mid}
        for symbol, mid in mids.items():
            self.market.coins[symbol].update_mid(mid, market_ms)
        return changed

    def _note_time(self, time_ms: int) -> None:
        self.newest_ms = max(self.newest_ms, time_ms)
