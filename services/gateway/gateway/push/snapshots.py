"""The first message of each channel: its state as of now, from PostgreSQL and the market cache."""

from typing import Any

from common.events import Channel
from gateway.push.hub import Hub, Message, encode_message
from gateway.storage.market_cache import MarketCache
from gateway.storage.queries import Queries

MAX_ROWS = 50


class Snapshots:
    """Reads snapshots. A snapshot carries the channel's last sequence number from before it was read: a push that
    comes while it is read has a higher one and is sent after it, so that nothing is lost in between. Such a push may
    repeat what the snapshot holds already; rows have ids, and a client replaces them."""

    def __init__(self, hub: Hub, queries: Queries, market: MarketCache) -> None:
        self._hub, self._queries, self._market = hub, queries, market

    async def read(self, channel: str, now_ms: int) -> Message:
        """Raises what the stores raise while they are unavailable."""
        if channel == Channel.PRICE_UPDATE:
            # The prices that wait carry this sequence number; the next price push must have a higher one.
            self._hub.flush_prices()
        seq = self._hub.last_seq(channel)
        data = {"snapshot": True} | await self._content(channel)
        return encode_message(channel, seq, now_ms, data)

    async def _content(self, channel: str) -> dict[str, Any]:
        if channel == Channel.PRICE_UPDATE:
            return {"prices": await self._market.prices()}
        if channel == Channel.TRADE_EXECUTED:
            return {"fills": await self._queries.fills(MAX_ROWS)}
        if channel == Channel.POSITION_UPDATE:
            return {"positions": await self._queries.positions(None)}
        if channel == Channel.AI_DECISION:
            rows, _ = await self._queries.decisions({}, None, MAX_ROWS, None)
            return {"decisions": rows}
        return {"accounts": await self._queries.accounts()}
