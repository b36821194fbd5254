"""The first message of each channel: its state as of now, from PostgreSQL and the market cache."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from common.events import Channel
from common.runtime.clock import Clock
from gateway.push.hub import Hub, Message, encode_message
from gateway.storage.market_cache import MarketCache
from gateway.storage.queries import Queries

MAX_ROWS = 50
SHARED_FOR_S: Final = 1.0


class Snapshots:
    """Reads snapshots. A snapshot carries the channel's last sequence number from before it was read: a push that
    comes while it is read has a higher one and is sent after it, so that nothing is lost in between. Such a push may
    repeat what the snapshot holds already; rows have ids, and a client replaces them.

    What was read is shared for a second by all subscriptions, as long as no push has followed it: whoever subscribes
    again and again costs the stores nothing."""

    def __init__(self, hub: Hub, queries: Queries, market: MarketCache, clock: Clock, models: Sequence[str]) -> None:
        """`models` are the roster's ids: the accounts and positions of others are history."""
        self._hub, self._queries, self._market, self._clock = hub, queries, market, clock
        self._models = models
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._shared: dict[str, tuple[tuple[int, int], float, dict[str, Any]]] = {}

    async def read(self, channel: str, now_ms: int) -> Message:
        """Raises what the stores raise while they are unavailable."""
        if channel == Channel.PRICE_UPDATE:
            # The prices that wait carry this sequence number; the next price push must have a higher one.
            self._hub.flush_prices()
        async with self._locks[channel]:
            seq, content = await self._read_or_share(channel)
        return encode_message(channel, seq, now_ms, {"snapshot": True} | content)

    async def _read_or_share(self, channel: str) -> tuple[int, dict[str, Any]]:
        """(sequence number from before the reading, content)."""
        seq, now_s = self._hub.last_seq(channel), self._clock.monotonic()
        state = self._hub.epoch, seq
        shared_state, read_s, content = self._shared.get(channel, (None, 0.0, {}))
        if shared_state != state or now_s - read_s >= SHARED_FOR_S:
            content = await self._content(channel)
            self._shared[channel] = state, now_s, content
        return seq, content

    async def _content(self, channel: str) -> dict[str, Any]:
        if channel == Channel.PRICE_UPDATE:
            return {"prices": await self._market.prices()}
        if channel == Channel.TRADE_EXECUTED:
            return {"fills": await self._queries.fills(MAX_ROWS)}
        if channel == Channel.POSITION_UPDATE:
            return {"positions": await self._queries.positions(self._models)}
        if channel == Channel.AI_DECISION:
            rows, _ = await self._queries.decisions({}, None, MAX_ROWS, None)
            return {"decisions": rows}
        return {"accounts": await self._queries.accounts(self._models)}
