"""Quotes of recorded cycles, from the summaries of their snapshots, which are kept longer than the snapshots."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from psycopg import AsyncConnection

from common.trading.instruments import Symbol
from replay.domain.cycle import Quote

Quotes = dict[int, dict[Symbol, Quote]]


async def read_quotes(connection: AsyncConnection[Any], from_ms: int, to_ms: int) -> Quotes:
    """The quotes by boundary and coin of the cycles from `from_ms` to `to_ms` (market time), both included."""
    cursor = await connection.execute(
        """SELECT (summary ->> 'boundary_ms')::bigint, coin ->> 'symbol', coin ->> 'mid_price',
            coin ->> 'funding_rate_hourly', coin ->> 'spread_bps'
        FROM market_snapshots, jsonb_array_elements(summary -> 'coins') coin
        WHERE time_ms BETWEEN %s AND %s""",
        (from_ms, to_ms),
    )
    quotes: Quotes = defaultdict(dict)
    for boundary_ms, symbol, mid_price, rate, spread_bps in await cursor.fetchall():
        if symbol in Symbol.__members__:
            quotes[boundary_ms][Symbol(symbol)] = Quote(Decimal(mid_price), Decimal(rate), float(spread_bps or 0))
    return quotes
