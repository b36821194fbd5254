"""The Redis cache's keys and values: prices, books, trades, open interest and candles as JSON."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from common.events.envelope import plain
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from ingester.market.candles import Candle, Series
from ingester.market.coin import CoinState
from ingester.market.open_interest import OpenInterestSamples


def encode_price(coin: CoinState) -> bytes | None:
    """`price:{symbol}`, stamped with the market time of its mid price; None before the coin is known."""
    tick = coin.tick()
    if tick is None:
        return None
    body = {
        "symbol": coin.symbol.value,
        "price": plain(tick.mid_price),
        "mark_price": plain(tick.mark_price),
        "oracle_price": plain(tick.oracle_price),
        "prev_day_price": plain(tick.prev_day_price),
        "day_volume_usd": plain(tick.day_volume_usd),
        "funding_rate_hourly": plain(tick.funding_rate_hourly),
        "open_interest": plain(tick.open_interest_coin),
        "time_ms": coin.price_time_ms,
    }
    return json.dumps(body).encode()


def encode_book(coin: CoinState) -> bytes | None:
    """`orderbook:{symbol}`, at most 20 levels a side, with the exchange's time; None before a book was received."""
    book = coin.book
    if not book.bids and not book.asks:
        return None
    sides = {
        name: [{"price": plain(level.price), "size": plain(level.size)} for level in levels]
        for name, levels in (("bids", book.bids), ("asks", book.asks))
    }
    return json.dumps({"symbol": coin.symbol.value, "time_ms": book.time_ms, **sides}).encode()


def encode_tape(coin: CoinState) -> bytes | None:
    """`tape:{symbol}`, the market's newest trades, newest first; None before the first. Side is the aggressor's."""
    newest = coin.tape.newest
    if not newest:
        return None
    trades = [
        {
            "trade_id": trade.trade_id,
            "time_ms": trade.time_ms,
            "side": trade.side.value,
            "price": plain(trade.price),
            "size": plain(trade.size),
        }
        for trade in newest
    ]
    return json.dumps({"symbol": coin.symbol.value, "time_ms": newest[0].time_ms, "trades": trades}).encode()


def encode_candle(candle: Candle, interval: str, market_ms: int, *, is_newest: bool = True) -> bytes:
    """One entry of `kline:{symbol}:{interval}`. A candle that another one follows is always closed."""
    close_ms = candle.open_ms + INTERVALS_MS[interval] - 1
    body: Mapping[str, Any] = {
        "open_time_ms": candle.open_ms,
        "close_time_ms": close_ms,
        "open": plain(candle.open),
        "high": plain(candle.high),
        "low": plain(candle.low),
        "close": plain(candle.close),
        "volume": plain(candle.volume),
        "trade_count": candle.trade_count,
        "is_closed": market_ms > close_ms or not is_newest,
        "time_ms": market_ms,
    }
    return json.dumps(body).encode()


def decode_candle(value: bytes | str) -> Candle:
    """The candle in a cache entry. Raises ValueError, ArithmeticError, KeyError or TypeError."""
    body = json.loads(value)
    open_, high, low, close, volume = (Decimal(body[name]) for name in ("open", "high", "low", "close", "volume"))
    return Candle(int(body["open_time_ms"]), open_, high, low, close, volume, int(body["trade_count"]))


def encode_coin(coin: CoinState) -> dict[str, bytes | str]:
    """Every key of one coin that has a value."""
    values = {"price": encode_price(coin), "orderbook": encode_book(coin), "tape": encode_tape(coin)}
    return {f"{prefix}:{coin.symbol.value}": value for prefix, value in values.items() if value is not None}


def encode_open_interest(samples: OpenInterestSamples) -> bytes:
    """`open_interest:{symbol}`."""
    return msgspec.json.encode(samples)


def decode_open_interest(value: bytes | str | None) -> OpenInterestSamples | None:
    """The samples in a cache entry; None when there is none or it can't be read."""
    try:
        return None if value is None else msgspec.json.decode(value, type=OpenInterestSamples)
    except msgspec.MsgspecError:
        return None


def open_interest_key(symbol: Symbol) -> str:
    return f"open_interest:{symbol.value}"


def candle_key(series: Series) -> str:
    symbol, interval = series
    return f"kline:{symbol.value}:{interval}"
