"""Keeps `model_statistics` in step: after each batch, only what its events can have changed is computed again."""

import zlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from recorder.figures import HOUR_MS, Position, hourly_returns, return_band, sharpe_ratio, sortino_ratio, time_shares
from recorder.tables import Connection

DAY_MS = 86_400_000
OF_TRADES = (
    *("trades", "fees", "funding", "net_realized", "win_rate_percent", "biggest_win", "biggest_loss"),
    *("profit_factor", "expectancy", "average_trade_notional", "median_trade_notional", "average_holding_ms"),
    *("median_holding_ms", "average_leverage", "median_leverage", "average_confidence", "median_confidence"),
    *("long_share_percent", "brier"),
)


async def refresh_trades(connection: Connection, models: Iterable[str]) -> None:
    """What follows from trades and the decisions that opened them."""
    for model in models:
        columns = ", ".join(OF_TRADES)
        updates = ", ".join(f"{name} = excluded.{name}" for name in OF_TRADES)
        query = (
            f"INSERT INTO model_statistics (model, {columns}) SELECT model, {columns} FROM trade_statistics"  # noqa: S608
            f" WHERE model = %s ON CONFLICT (model) DO UPDATE SET {updates}"
        )
        await connection.execute(query.encode(), (model,))
        cursor = await connection.execute(
            "SELECT side = 'LONG', entry_time, exit_time FROM trades WHERE model = %s", (model,)
        )
        shares = time_shares(Position(*row) for row in await cursor.fetchall())
        await _put(
            connection,
            model,
            {
                "long_ms": shares.long_ms,
                "short_ms": shares.short_ms,
                "shares_ms": shares.until_ms,
                "open_longs": shares.open_longs,
                "open_shorts": shares.open_shorts,
            },
        )


async def refresh_decisions(connection: Connection, changed: Iterable[tuple[str, int]]) -> None:
    """What follows from decisions: the sums of the days concerned (model, time in ms), then the model's."""
    days = sorted({(model, time_ms // DAY_MS * DAY_MS) for model, time_ms in changed})
    for model, day_ms in days:
        await connection.execute("SELECT refresh_decision_day(%s, %s)", (model, day_ms))
    for model in dict(days):
        cursor = await connection.execute(
            """SELECT sum(decisions), sum(prompt_tokens), sum(completion_tokens), sum(cost_usd),
                sum(latency_ms) / nullif(sum(latencies), 0) FROM decision_days WHERE model = %s""",
            (model,),
        )
        names = ("decisions", "prompt_tokens", "completion_tokens", "cost_usd", "average_latency_ms")
        await _put(connection, model, dict(zip(names, await cursor.fetchone() or (), strict=True)))


async def refresh_equity(connection: Connection, model: str, time_ms: int) -> None:
    """What follows from equity, after a snapshot at `time_ms`; returns only once an hour, when one has ended."""
    hour_ms = time_ms // HOUR_MS * HOUR_MS
    await connection.execute("SELECT refresh_equity_hour(%s, %s)", (model, hour_ms))
    await connection.execute(
        """INSERT INTO model_statistics (model, max_drawdown)
        SELECT model, drawdown FROM equity_hours WHERE model = %s AND hour_ms = %s
        ON CONFLICT (model) DO UPDATE SET max_drawdown = greatest(model_statistics.max_drawdown, excluded.max_drawdown)
        """,
        (model, hour_ms),
    )
    cursor = await connection.execute(
        "SELECT 1 FROM model_statistics WHERE model = %s AND returns_ms IS NOT DISTINCT FROM %s", (model, hour_ms)
    )
    if await cursor.fetchone() is None:
        await _refresh_returns(connection, model, hour_ms)


async def _refresh_returns(connection: Connection, model: str, hour_ms: int) -> None:
    """Ratios and band of the whole hours before `hour_ms`."""
    cursor = await connection.execute(
        "SELECT hour_ms, last - transfers FROM equity_hours WHERE model = %s AND hour_ms < %s ORDER BY hour_ms",
        (model, hour_ms),
    )
    closes = await cursor.fetchall()
    cursor = await connection.execute("SELECT start_balance FROM accounts WHERE model = %s", (model,))
    account = await cursor.fetchone()
    returns = hourly_returns(account[0], closes) if account else []
    band = return_band(returns, zlib.crc32(model.encode()))
    figures = {
        "returns_ms": hour_ms,
        "sharpe": _decimal(sharpe_ratio(returns)),
        "sortino": _decimal(sortino_ratio(returns)),
        "band_low": _decimal(band[0] if band else None),
        "band_high": _decimal(band[1] if band else None),
    }
    await _put(connection, model, figures)


async def refresh_everything(connection: Connection) -> None:
    """Computes all statistics anew; for the start, since rows may be older than these tables."""
    cursor = await connection.execute("SELECT model, max(time_ms) FROM account_snapshots GROUP BY model")
    for model, time_ms in await cursor.fetchall():
        await connection.execute(
            """INSERT INTO model_statistics (model, max_drawdown)
            SELECT model, max(drawdown) FROM equity_hours WHERE model = %s GROUP BY model
            ON CONFLICT (model) DO UPDATE SET max_drawdown = excluded.max_drawdown, returns_ms = NULL""",
            (model,),
        )
        await refresh_equity(connection, model, time_ms)
    cursor = await connection.execute("SELECT DISTINCT model FROM trades")
    await refresh_trades(connection, [model for (model,) in await cursor.fetchall()])
    cursor = await connection.execute("SELECT model, max(day_ms) FROM decision_days GROUP BY model")
    await refresh_decisions(connection, await cursor.fetchall())


async def _put(connection: Connection, model: str, figures: dict[str, Any]) -> None:
    columns = ", ".join(figures)
    updates = ", ".join(f"{name} = excluded.{name}" for name in figures)
    places = ", ".join(["%s"] * (len(figures) + 1))
    query = (
        f"INSERT INTO model_statistics (model, {columns}) VALUES ({places})"  # noqa: S608
        f" ON CONFLICT (model) DO UPDATE SET {updates}"
    )
    await connection.execute(query.encode(), (model, *figures.values()))


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value))
