"""The market data that the ingester keeps in Redis: prices, candles, order books, the tape, the market's source."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from redis.asyncio import Redis

from common.trading.instruments import Symbol
from gateway.http.metrics import note_read
from gateway.storage.cached import decode_cached

SOURCE_KEY = "market:source"


class Source(NamedTuple):
    """Where the market comes from: LIVE, CAPTURE or SIMULATED, UNKNOWN before the ingester has found out; and how many
    times as fast as the wall clock it runs."""

    market: str
    speed: float


UNKNOWN = Source("UNKNOWN", 1.0)


class MarketCache:
    """Decoded values of the cache; what can't be read is missing. Raises what `is_outage` knows."""

    def __init__(self, redis: Redis, coins: Sequence[Symbol]) -> None:
        self._redis, self._coins = redis, coins

    async def prices(self) -> dict[str, Any]:
        """The latest prices by symbol; a coin without one is left out."""
        values = await self._redis.mget([f"price:{symbol.value}" for symbol in self._coins])
        found = {symbol.value: decode_cached(value) for symbol, value in zip(self._coins, values, strict=True)}
        for price in found.values():
            note_read("price", is_hit=price is not None)
        return {symbol: price for symbol, price in found.items() if price is not None}

    async def candles(self, symbol: str, interval: str, limit: int) -> list[Any]:
        """The newest candles, oldest first."""
        values = await self._redis.lrange(f"kline:{symbol}:{interval}", -limit, -1)
        found = [candle for value in values if (candle := decode_cached(value)) is not None]
        note_read("kline", is_hit=bool(found))
        return found

    async def order_book(self, symbol: str) -> Any:
        """20 levels a side, best first; None before the first one was received."""
        return await self._value("orderbook", symbol)

    async def tape(self, symbol: str) -> Any:
        """The market's latest trades, newest first; None before the first one was received."""
        return await self._value("tape", symbol)

    async def source(self) -> Source:
        """As the ingester has found out."""
        value = decode_cached(await self._redis.get(SOURCE_KEY), "market")
        if value is None:
            return UNKNOWN
        speed = value.get("speed")
        speed = float(speed) if isinstance(speed, int | float) and 0 < speed < math.inf else 1.0
        return Source(str(value["market"]), speed)

    async def clock_ahead_ms(self, models: Sequence[str]) -> int | None:
        """How far the exchange's clock is ahead of the executor's machine's, by the newest account state that says."""
        values = await self._redis.mget([f"account:{model}" for model in models])
        events = [event for value in values if (event := decode_cached(value, "data")) is not None]
        states = [event["data"] for event in events if isinstance(event["data"], dict)]
        known = [state for state in states if state.get("clock_ahead_ms") is not None]
        newest = max(known, key=lambda state: int(state["received_ms"]), default=None)
        return None if newest is None else int(newest["clock_ahead_ms"])

    async def _value(self, kind: str, symbol: str) -> Any:
        found = decode_cached(await self._redis.get(f"{kind}:{symbol}"))
        note_read(kind, is_hit=found is not None)
        return found
