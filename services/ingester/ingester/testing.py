"""Frames, coins and candles for tests, in the exchange's own form."""

import json
from typing import Any

from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from common.trading.symbols import SYMBOLS
from ingester.candles import Candle, normalised
from ingester.feed import Feed
from ingester.wire import Frame, WireCandle, frame_of

T0_MS = 1_790_000_040_000
"""A multiple of a minute."""


class ManualClock:
    """Time that passes only by `sleep` and `pass_s`."""

    def __init__(self, now_ms: int = T0_MS) -> None:
        self._now_ms, self._monotonic_s = now_ms, 1_000.0

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic(self) -> float:
        return self._monotonic_s

    async def sleep(self, seconds: float) -> None:
        self.pass_s(seconds)

    def pass_s(self, seconds: float) -> None:
        self._monotonic_s += seconds
        self._now_ms += round(seconds * 1000)


class Records:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def __getattr__(self, level: str) -> Any:
        return lambda event, **context: self.lines.append((level, event, context))


def a_frame(channel: str, data: Any) -> Frame:
    return frame_of(json.dumps({"channel": channel, "data": data}))


def mids(price: str = "100.5", *symbols: Symbol) -> Frame:
    return a_frame("allMids", {"mids": {str(symbol): price for symbol in symbols or SYMBOLS} | {"@107": "1.5"}})


def context(coin: str = "BTC", **changes: Any) -> Frame:
    ctx = {
        "funding": "-0.0000125",
        "openInterest": "1000.0",
        "prevDayPx": "99.0",
        "dayNtlVlm": "5000000.2557999999",
        "premium": "-0.0004",
        "oraclePx": "100.2",
        "markPx": "100.4",
        "midPx": "100.5",
        "impactPxs": ["100.3", "100.6"],
        "dayBaseVlm": "50000.0",
    }
    return a_frame("activeAssetCtx", {"coin": coin, "ctx": ctx | changes})


def level(price: str, size: str = "2.0") -> dict[str, Any]:
    return {"px": price, "sz": size, "n": 3}


def book(coin: str = "BTC", time_ms: int = T0_MS, bid: str = "100.0", ask: str = "101.0") -> Frame:
    return a_frame("l2Book", {"coin": coin, "time": time_ms, "levels": [[level(bid)], [level(ask, "1.0")]]})


def bbo(coin: str = "BTC", time_ms: int = T0_MS, bid: str = "100.0", ask: str = "101.0") -> Frame:
    return a_frame("bbo", {"coin": coin, "time": time_ms, "bbo": [level(bid), level(ask)]})


def trade(coin: str = "BTC", time_ms: int = T0_MS, trade_id: int = 1, side: str = "B", price: str = "100.0") -> Any:
    row = {"coin": coin, "side": side, "px": price, "sz": "2.0", "time": time_ms, "tid": trade_id}
    return row | {"hash": f"0x{'0' * 64}", "users": ["0x1", "0x2"]}


def wire_candle(
    open_ms: int = T0_MS, close: float = 100.0, count: int = 5, *, coin: str = "BTC", interval: str = "1m"
) -> dict[str, Any]:
    return {
        "t": open_ms,
        "T": open_ms + INTERVALS_MS[interval] - 1,
        "s": coin,
        "i": interval,
        "o": "100.0",
        "c": str(close),
        "h": str(max(100.0, close) + 1),
        "l": str(min(100.0, close) - 1),
        "v": "7.5",
        "n": count,
    }


def a_candle(open_ms: int = T0_MS, close: float = 100.0, count: int = 5, *, interval: str = "1m") -> Candle:
    return normalised(WireCandle(**wire_candle(open_ms, close, count, interval=interval)))


def a_known_feed(now_ms: int = T0_MS) -> Feed:
    """A feed that knows price, context and book of every coin."""
    feed = Feed()
    feed.begin(now_ms)
    feed.take(mids(), now_ms)
    for symbol in SYMBOLS:
        feed.take(context(symbol.value), now_ms)
        feed.take(book(symbol.value, now_ms), now_ms)
    feed.settle(now_ms)
    return feed
