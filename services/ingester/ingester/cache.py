"""The Redis cache's values: prices, books, trades and candles as the contract names them."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from common.events.envelope import plain
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from common.trading.orders import OrderSide
from ingester.book import CoinState
from ingester.candles import KEPT, Candle, Series

TAIL = 2


def price_value(coin: CoinState) -> bytes | None:
    """`price:{symbol}`, stamped with the market time at which its price was heard; None before the coin is known."""
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


def book_value(coin: CoinState) -> bytes | None:
    """`orderbook:{symbol}`, 20 levels a side, or None before a book was seen."""
    if not coin.bids and not coin.asks:
        return None
    sides = {
        name: [{"price": price, "size": size} for price, size in levels]
        for name, levels in (("bids", coin.bids), ("asks", coin.asks))
    }
    return json.dumps({"symbol": coin.symbol.value, "time_ms": coin.book_time_ms, **sides}).encode()


def tape_value(coin: CoinState) -> bytes | None:
    """`tape:{symbol}`, the market's newest trades, newest first; None before one was heard. Side is the aggressor's."""
    newest = coin.tape.newest
    if not newest:
        return None
    trades = [
        {
            "trade_id": trade.tid,
            "time_ms": trade.time,
            "side": (OrderSide.BUY if trade.side == "B" else OrderSide.SELL).value,
            "price": trade.px,
            "size": trade.sz,
        }
        for trade in newest
    ]
    return json.dumps({"symbol": coin.symbol.value, "time_ms": newest[0].time, "trades": trades}).encode()


def candle_value(candle: Candle, interval: str, market_ms: int, *, is_newest: bool = True) -> bytes:
    """One entry of `kline:{symbol}:{interval}`. What another candle follows is closed, however late market time is."""
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


def candle_of(value: bytes) -> Candle:
    """The candle in a cache entry. Raises ValueError, ArithmeticError, KeyError or TypeError."""
    body = json.loads(value)
    open_, high, low, close, volume = (Decimal(body[name]) for name in ("open", "high", "low", "close", "volume"))
    return Candle(int(body["open_time_ms"]), open_, high, low, close, volume, int(body["trade_count"]))


def symbol_key(prefix: str, symbol: Symbol) -> str:
    return f"{prefix}:{symbol.value}"


def kline_key(series: Series) -> str:
    symbol, interval = series
    return f"kline:{symbol.value}:{interval}"


class KlineCache:
    """The `kline:` lists. Writes only the tail when no more has changed, the whole list when its state is unsure."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._tails: dict[Series, list[int]] = {}

    async def load(self, series: Series) -> list[Candle]:
        """What the cache holds; nothing when it can't be read as candles."""
        values = await self._redis.lrange(kline_key(series), 0, -1)
        try:
            candles = [candle_of(value) for value in values]
        except (ValueError, ArithmeticError, KeyError, TypeError):
            return []
        times = [candle.open_ms for candle in candles]
        if times != sorted(set(times)):
            return []
        self._tails[series] = times[-TAIL:]
        return candles

    async def drop(self, series: Sequence[Series]) -> None:
        """Empties lists that tell of another market."""
        await self._redis.delete(*(kline_key(each) for each in series))

    async def write(self, changed: Mapping[Series, tuple[int, list[Candle]]], market_ms: int) -> set[Series]:
        """Writes series, given the earliest changed open time and all candles of each, in one transaction.

        Returns those whose lists turned out not to be what was written last (a wiped Redis): write them whole.
        """
        pipe = self._redis.pipeline(transaction=True)
        lengths: list[tuple[Series, int, int]] = []
        commands = 0
        for series, (from_ms, candles) in changed.items():
            key, tail = kline_key(series), self._tails.get(series, [])
            is_tail = len(tail) == TAIL and from_ms >= tail[0]
            replaced = [open_ms for open_ms in tail if open_ms >= from_ms]
            rows = [candle for candle in candles if candle.open_ms >= from_ms] if is_tail else candles
            if not is_tail:
                pipe.delete(key)
                commands += 1
            elif replaced:
                pipe.rpop(key, len(replaced))
                commands += 1
            values = (candle_value(row, series[1], market_ms, is_newest=row is candles[-1]) for row in rows)
            pipe.rpush(key, *values)
            pipe.ltrim(key, -KEPT, -1)
            lengths.append((series, commands, len(candles)))
            commands += 2
        replies = await pipe.execute()
        for series, (_, candles) in changed.items():
            self._tails[series] = [candle.open_ms for candle in candles[-TAIL:]]
        short = {series for series, place, length in lengths if replies[place] < length}
        self.distrust(short)
        return short

    def distrust(self, series: set[Series]) -> None:
        """Has these series written whole next time."""
        for each in series:
            self._tails.pop(each, None)
