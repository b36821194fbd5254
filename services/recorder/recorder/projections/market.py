"""The prices of market snapshots, and the growth of the benchmarks."""

from collections.abc import Sequence
from typing import Final

from common.events import Event, MarketSnapshot
from common.trading.durations import HOUR_MS
from common.trading.instruments import Symbol
from recorder.storage.statements import Connection

BUCKET_MS: Final = 300_000


async def store_prices(connection: Connection, events: Sequence[Event[MarketSnapshot]]) -> None:
    """Stores the mid prices of snapshots in any order; of each five minutes, and of BTC of each hour, the latest one
    is kept."""
    if not events:
        return
    prices = [
        (event.data.boundary_ms // BUCKET_MS * BUCKET_MS, symbol.value, event.data.boundary_ms, coin.mid_price)
        for event in events
        for symbol, coin in event.data.coins.items()
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """INSERT INTO market_prices (bucket_ms, symbol, time_ms, mid_price) VALUES (%s, %s, %s, %s)
            ON CONFLICT (bucket_ms, symbol) DO UPDATE SET time_ms = excluded.time_ms, mid_price = excluded.mid_price
            WHERE market_prices.time_ms < excluded.time_ms""",
            prices,
        )
        await cursor.executemany(
            """INSERT INTO btc_hours (hour_ms, time_ms, mid_price) VALUES (%s, %s, %s)
            ON CONFLICT (hour_ms) DO UPDATE SET time_ms = excluded.time_ms, mid_price = excluded.mid_price
            WHERE btc_hours.time_ms < excluded.time_ms""",
            [
                (time_ms // HOUR_MS * HOUR_MS, time_ms, mid_price)
                for _, symbol, time_ms, mid_price in prices
                if symbol == Symbol.BTC
            ],
        )


async def update_benchmarks(connection: Connection) -> None:
    """Computes both benchmarks' growth since the first account's start.

    The base is the first prices recorded from then on; once chosen it stays.
    """
    await connection.execute(
        """INSERT INTO benchmark_base (symbol, time_ms, mid_price)
        SELECT symbol, time_ms, mid_price FROM market_prices WHERE bucket_ms = (
            SELECT min(bucket_ms) FROM market_prices
            WHERE bucket_ms >= (SELECT min(start_ms) FROM accounts) / %s * %s
        ) AND NOT EXISTS (SELECT 1 FROM benchmark_base)""",
        (BUCKET_MS, BUCKET_MS),
    )
    await connection.execute(
        """INSERT INTO benchmarks (name, growth, time_ms)
        SELECT g.name, g.growth, p.time_ms FROM (
            SELECT max(p.time_ms) AS time_ms, max(p.mid_price / b.mid_price) FILTER (WHERE p.symbol = 'BTC') AS btc,
                avg(p.mid_price / b.mid_price) AS equal_weight
            FROM market_prices p JOIN benchmark_base b USING (symbol)
            WHERE p.bucket_ms = (SELECT max(bucket_ms) FROM market_prices)
        ) p, LATERAL (VALUES ('btc_hold', p.btc), ('equal_weight', p.equal_weight)) g (name, growth)
        WHERE g.growth IS NOT NULL
        ON CONFLICT (name) DO UPDATE SET growth = excluded.growth, time_ms = excluded.time_ms"""
    )
