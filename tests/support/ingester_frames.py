"""Frames, coins and candles for tests of the ingester, in the exchange's own form."""

import json
from typing import Any

import msgspec

from common.runtime.roster import read_roster
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from ingester.exchange.feed import Feed
from ingester.exchange.parse import parse_candle, parse_trade
from ingester.exchange.wire import Frame, WireCandle, WireTrade, decode_frame
from ingester.market.candles import Candle
from ingester.market.state import MarketState
from ingester.market.tape import MarketTrade

COINS = read_roster(None).coins
T0_MS = 1_790_000_040_000
"""A multiple of a minute."""


class RecordedLog:
    """A log that keeps its lines: level, event, context."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def __getattr__(self, level: str) -> Any:
        return lambda event, **context: self.lines.append((level, event, context))


def build_frame(channel: str, data: Any) -> Frame:
    return decode_frame(json.dumps({"channel": channel, "data": data}))


def mids(price: str = "100.5", *symbols: Symbol) -> Frame:
    return build_frame("allMids", {"mids": {str(symbol): price for symbol in symbols or COINS} | {"@107": "1.5"}})


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
    return build_frame("activeAssetCtx", {"coin": coin, "ctx": ctx | changes})


def level(price: str, size: str = "2.0") -> dict[str, Any]:
    return {"px": price, "sz": size, "n": 3}


def book(coin: str = "BTC", time_ms: int = T0_MS, bid: str = "100.0", ask: str = "101.0") -> Frame:
    return build_frame("l2Book", {"coin": coin, "time": time_ms, "levels": [[level(bid)], [level(ask, "1.0")]]})


def bbo(coin: str = "BTC", time_ms: int = T0_MS, bid: str = "100.0", ask: str = "101.0") -> Frame:
    return build_frame("bbo", {"coin": coin, "time": time_ms, "bbo": [level(bid), level(ask)]})


def wire_trade(
    coin: str = "BTC", time_ms: int = T0_MS, trade_id: int = 1, side: str = "B", price: str = "100.0"
) -> Any:
    row = {"coin": coin, "side": side, "px": price, "sz": "2.0", "time": time_ms, "tid": trade_id}
    return row | {"hash": f"0x{'0' * 64}", "users": ["0x1", "0x2"]}


def build_trade(**changes: Any) -> MarketTrade:
    """A market trade of `wire_trade`'s arguments."""
    return trade_from(wire_trade(**changes))


def trade_from(row: Any) -> MarketTrade:
    return parse_trade(msgspec.convert(row, WireTrade))


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


def build_candle(open_ms: int = T0_MS, close: float = 100.0, count: int = 5, *, interval: str = "1m") -> Candle:
    return parse_candle(WireCandle(**wire_candle(open_ms, close, count, interval=interval)))


def known_feed(now_ms: int = T0_MS) -> Feed:
    """A feed that has received price, context and book of every coin."""
    feed = Feed(MarketState(COINS))
    feed.begin_connection(now_ms)
    feed.receive(mids(), now_ms)
    for symbol in COINS:
        feed.receive(context(symbol.value), now_ms)
        feed.receive(book(symbol.value, now_ms), now_ms)
    feed.apply_pending(now_ms)
    return feed
