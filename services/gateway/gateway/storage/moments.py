"""The arena as it stood at moments of market time: accounts, positions, trades, prices and candles as of then.

Accounts and positions are those that the fills up to the moment and the prices as of then come to (accounts_at,
positions_at); of what was recorded later nothing enters.
"""

from collections.abc import Sequence
from typing import Any, Final

from common.trading.intervals import INTERVALS_MS
from gateway.http.parameters import Cursor
from gateway.storage.paging import conditions_of, page_of_rows
from gateway.storage.queries import Queries, Row

ACCOUNTS: Final = """
SELECT m.at_ms, a.model, a.address, a.mode, wire(a.equity) AS equity, wire(a.balance) AS balance,
    wire(a.available_balance) AS available_balance, wire(a.margin_used) AS margin_used,
    wire(a.unrealized_pnl) AS unrealized_pnl, wire(a.total_notional) AS total_notional,
    wire(a.margin_ratio) AS margin_ratio, wire(a.start_balance) AS start_balance,
    wire((a.growth - 1) * 100) AS return_percent, m.at_ms AS time_ms,
    wire(a.equity - a.transfers - a.start_balance) AS total_pnl
FROM unnest(%s::bigint[]) m (at_ms) CROSS JOIN LATERAL accounts_at(m.at_ms) a
WHERE a.model = ANY(%s) ORDER BY a.model
"""
POSITIONS: Final = """
SELECT m.at_ms, p.model, p.symbol, p.side, wire(p.size) AS position_size, wire(p.entry_price) AS entry_price,
    wire(p.mark_price) AS mark_price, p.leverage, wire(p.notional) AS notional,
    wire(p.unrealized_pnl) AS unrealized_pnl, NULL AS liquidation_price,
    wire(p.notional / p.leverage) AS margin_used, wire(p.notional / p.leverage) AS initial_margin,
    wire(p.stop_loss) AS stop_loss, wire(p.take_profit) AS take_profit, NULL AS protected,
    wire(p.funding) AS funding, p.opened_ms AS opened_at, m.at_ms AS updated_at, p.decision_id, p.cycle_id
FROM unnest(%s::bigint[]) m (at_ms) CROSS JOIN LATERAL positions_at(m.at_ms) p
WHERE p.model = ANY(%s) ORDER BY p.model, p.symbol
"""
PRICES: Final = """
SELECT m.at_ms, p.symbol, wire(p.mid_price) AS price, wire(p.mark_price) AS mark_price,
    coalesce(p.coin ->> 'oracle_price', wire(p.mark_price)) AS oracle_price,
    coalesce(p.coin ->> 'prev_day_price', '0') AS prev_day_price,
    coalesce(p.coin ->> 'day_volume_usd', '0') AS day_volume_usd,
    coalesce(p.coin ->> 'funding_rate_hourly', '0') AS funding_rate_hourly,
    coalesce(p.coin ->> 'open_interest_coin', '0') AS open_interest, p.time_ms
FROM unnest(%s::bigint[]) m (at_ms) CROSS JOIN LATERAL prices_at(m.at_ms) p ORDER BY p.symbol
"""
BENCHMARKS: Final = """
SELECT m.at_ms, g.name, wire((g.growth - 1) * 100) AS return_percent
FROM unnest(%s::bigint[]) m (at_ms)
CROSS JOIN LATERAL (
    SELECT max(p.mid_price / b.mid_price) FILTER (WHERE b.symbol = 'BTC') AS btc,
        CASE WHEN bool_and(p.symbol IS NOT NULL OR b.last_ms <= m.at_ms)
            THEN avg(coalesce(p.mid_price, b.last_price) / b.mid_price) END AS equal
    FROM benchmark_base b LEFT JOIN prices_at(m.at_ms) p USING (symbol) WHERE b.time_ms <= m.at_ms
) v
CROSS JOIN LATERAL (VALUES ('btc_hold', v.btc), ('equal_weight', v.equal)) g (name, growth)
WHERE g.growth IS NOT NULL ORDER BY g.name
"""
CANDLES: Final = """
WITH mids AS (
    SELECT n.time_ms, (n.time_ms - 1) / %(length)s * %(length)s AS open_ms, (c.coin ->> 'mid_price')::numeric AS mid
    FROM market_snapshots n CROSS JOIN LATERAL jsonb_array_elements(n.summary -> 'coins') c (coin)
    WHERE n.time_ms > %(since)s AND n.time_ms <= %(at)s AND c.coin ->> 'symbol' = %(symbol)s
    UNION ALL
    SELECT p.time_ms, (p.time_ms - 1) / %(length)s * %(length)s, p.mid_price FROM market_prices p
    WHERE p.symbol = %(symbol)s AND p.bucket_ms > %(price_since)s AND p.bucket_ms <= %(price_until)s
        AND p.time_ms <= %(at)s
), bars AS (
    SELECT open_ms, max(time_ms) AS time_ms, max(mid) AS high, min(mid) AS low,
        (array_agg(mid ORDER BY time_ms))[1] AS first, (array_agg(mid ORDER BY time_ms DESC))[1] AS last
    FROM mids GROUP BY open_ms
), joined AS (
    SELECT *, coalesce(lag(last) OVER (ORDER BY open_ms), first) AS open FROM bars
)
SELECT open_ms AS open_time_ms, open_ms + %(length)s - 1 AS close_time_ms, wire(open) AS open,
    wire(greatest(high, open)) AS high, wire(least(low, open)) AS low, wire(last) AS close, '0' AS volume,
    0 AS trade_count, open_ms + %(length)s <= %(at)s AS is_closed, time_ms
FROM joined ORDER BY open_ms
"""
SNAPSHOTS_MS: Final = 12 * 3_600_000
"""How far back candles are made of the snapshots' prices, one a minute; before that of five-minute prices."""


class MomentQueries:
    """Rows as REST returns them. Raises psycopg.OperationalError while PostgreSQL is unavailable."""

    def __init__(self, queries: Queries, contenders: Sequence[str]) -> None:
        """Accounts and positions are those of these contenders."""
        self._queries, self._contenders = queries, list(contenders)

    async def span(self) -> Row:
        """The first and last moment of which an account is recorded; None before there is one."""
        [row] = await self._queries.rows(
            """SELECT min(a.start_ms) AS first_ms, greatest(max(a.time_ms), (SELECT max(time_ms) FROM market_snapshots))
                AS last_ms FROM accounts a WHERE model NOT LIKE '%%#%%'""",
            {},
        )
        return row

    async def moments(self, at_ms: Sequence[int]) -> list[Row]:
        """The arena at each of these times."""
        times = list(at_ms)
        found: dict[int, Row] = {
            each: {"time_ms": each, "prices": [], "accounts": [], "positions": [], "benchmarks": []} for each in times
        }
        parts: dict[str, tuple[str, tuple[Any, ...]]] = {
            "prices": (PRICES, (times,)),
            "accounts": (ACCOUNTS, (times, self._contenders)),
            "positions": (POSITIONS, (times, self._contenders)),
            "benchmarks": (BENCHMARKS, (times,)),
        }
        for name, (query, values) in parts.items():
            for row in await self._queries.rows(query, values):
                found[row.pop("at_ms")][name].append(row)
        return list(found.values())

    async def trades(
        self, at_ms: int, filters: dict[str, str | None], limit: int, before: Cursor | None
    ) -> tuple[list[Row], str | None]:
        """Trades as of a time, newest entry first, with the cursor of the next page."""
        conditions, values = conditions_of(filters, "entry_time", before)
        query = f"SELECT * FROM trades_at(%s) {conditions} ORDER BY entry_time DESC, id DESC LIMIT %s"  # noqa: S608
        return page_of_rows(await self._queries.rows(query, (at_ms, *values, limit + 1)), limit, "entry_time")

    async def candles(self, at_ms: int, symbol: str, interval: str, limit: int) -> list[Any]:
        """Candles of the recorded mid prices up to a time, oldest first, without volume; each opens where the one
        before it closed, and the last one may be open."""
        length = INTERVALS_MS[interval]
        since_ms = at_ms // length * length - (limit - 1) * length - 1
        fine_ms = max(since_ms, at_ms - SNAPSHOTS_MS)
        return await self._queries.rows(
            CANDLES,
            {
                "length": length,
                "at": at_ms,
                "symbol": symbol,
                "since": fine_ms,
                "price_since": since_ms,
                "price_until": fine_ms - 300_000,
            },
        )
