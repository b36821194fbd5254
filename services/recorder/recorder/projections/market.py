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


async def update_benchmarks(connection: Connection, boundary_ms: int) -> None:
    """Computes both benchmarks' growth from the first account's start to the snapshot at `boundary_ms`.

    The base is the first prices recorded since the earliest start among the accounts that are traded now; once chosen
    it stays. A coin of the base that is traded no more counts with its last price.
    """
    await connection.execute(
        """INSERT INTO benchmark_base (symbol, time_ms, mid_price)
        SELECT symbol, time_ms, mid_price FROM market_prices WHERE bucket_ms = (
            SELECT min(bucket_ms) FROM market_prices
            WHERE bucket_ms >= (SELECT min(start_ms) FROM accounts WHERE model NOT LIKE %s) / %s * %s
        ) AND NOT EXISTS (SELECT 1 FROM benchmark_base)""",
        ("%#%", BUCKET_MS, BUCKET_MS),
    )
    await connection.execute(
        """UPDATE benchmark_base b SET last_ms = p.time_ms, last_price = p.mid_price FROM market_prices p
        WHERE p.symbol = b.symbol AND p.bucket_ms = %s""",
        (boundary_ms // BUCKET_MS * BUCKET_MS,),
    )
    await connection.execute(
        """INSERT INTO benchmarks (name, growth, time_ms)
        SELECT g.name, g.growth, b.time_ms FROM (
            SELECT max(last_ms) AS time_ms, max(last_price / mid_price) FILTER (WHERE symbol = 'BTC') AS btc,
                avg(last_price / mid_price) AS equal_weight
            FROM benchmark_base WHERE last_ms >= time_ms
        ) b, LATERAL (VALUES ('btc_hold', b.btc), ('equal_weight', b.equal_weight)) g (name, growth)
        WHERE g.growth IS NOT NULL
        ON CONFLICT (name) DO UPDATE SET growth = excluded.growth, time_ms = excluded.time_ms"""
    )
