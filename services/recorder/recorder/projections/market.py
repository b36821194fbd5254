"""Market snapshots: a summary of each cycle, and the prices and growth of the benchmarks."""

import json
from collections.abc import Sequence
from typing import Any, Final

from psycopg.types.json import Jsonb

from common.events import CandleSeries, CoinSnapshot, Event, MarketSnapshot
from recorder.storage.statements import Connection, Row, insert

BUCKET_MS: Final = 300_000
SERIES: Final = ("5m", "1h", "4h", "1d")
OPEN_INTEREST_CHANGES: Final = {"open_interest_change_1h_percent", "open_interest_change_24h_percent"}
NOT_SUMMARIZED: Final = {"series", "book", "flow", "max_leverage"} | OPEN_INTEREST_CHANGES


async def store_snapshots(connection: Connection, events: Sequence[Event[MarketSnapshot]]) -> None:
    """Stores snapshots in any order; of each five minutes the latest price is kept."""
    if not events:
        return
    await insert(connection, "market_snapshots", [_snapshot_row(event) for event in events])
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


def _snapshot_row(event: Event[MarketSnapshot]) -> Row:
    data = event.data
    summary = {
        "cycle_number": data.cycle_number,
        "boundary_ms": data.boundary_ms,
        "partial": data.partial,
        "missed_cycles": data.missed_cycles,
        "coins": [_coin(coin) for coin in data.coins.values()],
        "sentiment": json.loads(data.sentiment.model_dump_json()) if data.sentiment else None,
    }
    return {"cycle_id": event.cycle_id or event.id, "time_ms": event.time_ms, "summary": Jsonb(summary)}


def _coin(coin: CoinSnapshot) -> dict[str, Any]:
    """A coin's figures as REST serves them; money as decimal strings, the rest as numbers."""
    body: dict[str, Any] = json.loads(coin.model_dump_json(exclude=NOT_SUMMARIZED))
    book, flow = coin.book, coin.flow
    return body | {
        "spread_bps": book.spread_bps if book else None,
        "imbalance": book.imbalance if book else None,
        "flow": {"window_s": flow.window_s, "buy_usd": flow.buy_usd, "sell_usd": flow.sell_usd},
        "series": {name: _series(series) for name, series in coin.series.items() if name in SERIES},
    }


def _series(series: CandleSeries) -> dict[str, float | None]:
    arrays = ("closes", "ema20", "ema50", "macd", "rsi7", "rsi14")
    lasts = {name: (getattr(series, name) or (None,))[-1] for name in arrays}
    return {name.removesuffix("s"): value for name, value in lasts.items()} | {"atr14": series.atr14}
