"""The Redis cache's values: prices, books and candles as the contract names them."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from common.events.envelope import plain
from common.trading.symbols import INTERVALS_MS, Symbol
from ingester.book import CoinState
from ingester.candles import KEPT, Candle, Series


def price_value(coin: CoinState, time_ms: int) -> bytes | None:
    """`price:{symbol}`, or None before the coin is known."""
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
        "time_ms": time_ms,
    }
    return json.dumps(body).encode()


def book_value(coin: CoinState) -> bytes | None:
    """`orderbook:{symbol}`, 20 levels a side, or None before a book was seen."""
    if not coin.bids and not coin.asks:
        return None
    sides = {
        name: [{"price": price, "size": size} for price, size in levels]
        for name, levels in (("bids", coin.bids), ("asks", coin.asks))
    }
    return json.dumps({"symbol": coin.symbol.value, "time_ms": coin.book_time_ms, **sides}).encode()


def candle_value(candle: Candle, interval: str, market_ms: int) -> bytes:
    """One entry of `kline:{symbol}:{interval}`."""
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
        "is_closed": market_ms > close_ms,
        "time_ms": market_ms,
    }
    return json.dumps(body).encode()


def candle_of(value: bytes) -> Candle:
    """The candle in a cache entry. Raises ValueError or KeyError."""
    body = json.loads(value)
    open_, high, low, close, volume = (Decimal(body[name]) for name in ("open", "high", "low", "close", "volume"))
    return Candle(body["open_time_ms"], open_, high, low, close, volume, body["trade_count"])


def kline_key(series: Series) -> str:
    symbol, interval = series
    return f"kline:{symbol.value}:{interval}"


class KlineWriter:
    """Writes candle series: whole when they were loaded, else only the tail that changed."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._written: dict[Series, int] = {}

    async def load(self, series: Series) -> list[Candle]:
        """What the cache holds; nothing when it can't be read as candles."""
        values = await self._redis.lrange(kline_key(series), 0, -1)
        try:
            return [candle_of(value) for value in values]
        except (ValueError, KeyError, TypeError):
            return []

    async def write(self, changed: Mapping[Series, list[Candle]], market_ms: int) -> None:
        """Writes the changed series in one transaction."""
        pipe = self._redis.pipeline(transaction=True)
        for series, candles in changed.items():
            key, last = kline_key(series), self._written.get(series)
            fresh = [candle for candle in candles if last is not None and candle.open_ms >= last]
            values = [candle_value(candle, series[1], market_ms) for candle in (fresh or candles)]
            if fresh:
                pipe.rpop(key)
            else:
                pipe.delete(key)
            pipe.rpush(key, *values)
            pipe.ltrim(key, -KEPT, -1)
        await pipe.execute()
        for series, candles in changed.items():
            self._written[series] = candles[-1].open_ms

    def rewrite(self, series: Series) -> None:
        """Has the whole series written next time."""
        self._written.pop(series, None)


def symbol_key(prefix: str, symbol: Symbol) -> str:
    return f"{prefix}:{symbol.value}"
