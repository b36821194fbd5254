"""The first message of each channel: the state as it is now, from PostgreSQL and the Redis cache."""

import json
from typing import Any

from common.events import Channel
from common.trading.symbols import SYMBOLS
from gateway.hub import Hub, Message, encoded
from gateway.queries import Queries

SHOWN = 50


class Snapshots:
    """Each snapshot carries the channel's last sequence number from before it was read: nothing falls between."""

    def __init__(self, hub: Hub, queries: Queries, redis: Any) -> None:
        self._hub, self._queries, self._redis = hub, queries, redis

    async def of(self, channel: str, now_ms: int) -> Message:
        if channel == Channel.PRICE_UPDATE:
            self._hub.flush_prices()  # What waits has this very number; the next push must have a higher one.
        seq = self._hub.last_seq(channel)
        data = {"snapshot": True} | await self._content(channel)
        return encoded(channel, seq, now_ms, data)

    async def _content(self, channel: str) -> dict[str, Any]:
        if channel == Channel.PRICE_UPDATE:
            return {"prices": await prices(self._redis)}
        if channel == Channel.TRADE_EXECUTED:
            return {"fills": await self._queries.fills(SHOWN)}
        if channel == Channel.POSITION_UPDATE:
            return {"positions": await self._queries.positions(None)}
        if channel == Channel.AI_DECISION:
            rows, _ = await self._queries.decisions(None, SHOWN, None)
            return {"decisions": rows}
        return {"accounts": await self._queries.accounts()}


async def prices(redis: Any) -> dict[str, Any]:
    """The cached prices by symbol; a coin without one is left out."""
    values = await redis.mget([f"price:{symbol.value}" for symbol in SYMBOLS])
    return {symbol.value: json.loads(value) for symbol, value in zip(SYMBOLS, values, strict=True) if value}
