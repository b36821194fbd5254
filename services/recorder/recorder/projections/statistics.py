"""Keeps `model_statistics` in step with the rows: after a batch, only what its events can have changed is computed."""

import zlib
from collections.abc import Callable, Iterable
from decimal import Decimal
from random import Random
from typing import Any

from common.trading.durations import DAY_MS, HOUR_MS
from recorder.domain.performance import (
    Holding,
    excess_band,
    hourly_returns,
    paired_growths,
    return_band,
    sharpe_ratio,
    sortino_ratio,
    time_shares,
)
from recorder.storage.statements import Connection, upsert


async def update_trade_figures(connection: Connection, models: Iterable[str]) -> None:
    """Computes what follows from trades: every column of trade_statistics, `net_realized`, and times in the market."""
    for model in models:
        await connection.execute(
            """INSERT INTO model_statistics (model, trade_figures, net_realized, calibration, coin_results)
            SELECT s.model, to_jsonb(s) - 'model',
                (SELECT sum(closed_pnl - fees - funding) FROM trades t WHERE t.model = s.model),
                (SELECT c.calibration FROM trade_calibration c WHERE c.model = s.model),
                (SELECT c.coin_results FROM trade_coins c WHERE c.model = s.model)
            FROM trade_statistics s WHERE s.model = %s
            ON CONFLICT (model) DO UPDATE
            SET trade_figures = excluded.trade_figures, net_realized = excluded.net_realized,
                calibration = excluded.calibration, coin_results = excluded.coin_results""",
            (model,),
        )
        cursor = await connection.execute(
            "SELECT side = 'LONG', entry_ms, exit_ms FROM trades WHERE model = %s", (model,)
        )
        shares = time_shares(Holding(*row) for row in await cursor.fetchall())
        row = {
            "model": model,
            "long_ms": shares.long_ms,
            "short_ms": shares.short_ms,
            "shares_ms": shares.until_ms,
            "open_longs": shares.open_longs,
            "open_shorts": shares.open_shorts,
        }
        await upsert(connection, "model_statistics", "model", row)


async def update_decision_figures(connection: Connection, changes: Iterable[tuple[str, int]]) -> None:
    """Computes what follows from decisions: the sums of each changed day (model, time in ms), then the model's."""
    days = sorted({(model, time_ms // DAY_MS * DAY_MS) for model, time_ms in changes})
    for model, day_ms in days:
        await connection.execute("SELECT refresh_decision_day(%s, %s)", (model, day_ms))
    for model in dict(days):
        cursor = await connection.execute(
            """SELECT sum(decisions), sum(prompt_tokens), sum(completion_tokens), sum(cost_usd),
                sum(latency_ms) / nullif(sum(latencies), 0), sum(latencies) FROM decision_days WHERE model = %s""",
            (model,),
        )
        names = ("decisions", "prompt_tokens", "completion_tokens", "cost_usd", "average_latency_ms", "timed_decisions")
        row = dict(zip(names, await cursor.fetchone() or (), strict=True))
        await upsert(connection, "model_statistics", "model", {"model": model} | row)


async def update_equity_figures(connection: Connection, model: str, time_ms: int) -> None:
    """Computes what follows from equity after the snapshot at `time_ms`; ratios and band when an hour has ended."""
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
        await _update_returns(connection, model, hour_ms)


async def _update_returns(connection: Connection, model: str, hour_ms: int) -> None:
    """Computes ratios and bands of the whole hours before `hour_ms`; the random numbers follow from the model."""
    cursor = await connection.execute(
        "SELECT hour_ms, growth FROM equity_hours WHERE model = %s AND hour_ms < %s ORDER BY hour_ms",
        (model, hour_ms),
    )
    closes = await cursor.fetchall()
    returns = hourly_returns(closes)
    low, high = return_band(returns, _draw(model)) or (None, None)
    row = {
        "model": model,
        "returns_ms": hour_ms,
        "return_hours": len(returns),
        "sharpe": _decimal(sharpe_ratio(returns)),
        "sortino": _decimal(sortino_ratio(returns)),
        "return_band_low": _decimal(low),
        "return_band_high": _decimal(high),
    }
    await upsert(connection, "model_statistics", "model", row | await _btc_excess(connection, model, closes))


async def _btc_excess(connection: Connection, model: str, closes: list[tuple[int, Decimal]]) -> dict[str, Any]:
    """How much more than holding BTC the account returned from the end of the first hour that has a price of it."""
    cursor = await connection.execute("SELECT hour_ms, mid_price FROM btc_hours ORDER BY hour_ms")
    pairs = paired_growths(closes, await cursor.fetchall())
    excess: Decimal | None = None
    band: tuple[float, float] | None = None
    hours = 0
    if pairs and pairs[0][1] > 0:
        _, growth, price = pairs[0]
        returns = hourly_returns((at_ms, each / growth) for at_ms, each, _ in pairs)[1:]
        others = hourly_returns((at_ms, each / price) for at_ms, _, each in pairs)[1 : len(returns) + 1]
        hours = len(returns)
        excess = pairs[-1][1] / growth - pairs[-1][2] / price
        band = excess_band(returns, others, _draw(model))
    low, high = band or (None, None)
    return {
        "btc_hours": hours,
        "btc_excess": excess if hours else None,
        "btc_excess_low": _decimal(low),
        "btc_excess_high": _decimal(high),
    }


def _draw(model: str) -> Callable[[], float]:
    return Random(zlib.crc32(model.encode())).random


async def recompute_all(connection: Connection) -> None:
    """Computes every figure again; at the start, since a migration or a view may have changed since the last run."""
    cursor = await connection.execute("SELECT model, max(time_ms) FROM account_snapshots GROUP BY model")
    for model, time_ms in await cursor.fetchall():
        await connection.execute(
            """INSERT INTO model_statistics (model, max_drawdown)
            SELECT model, max(drawdown) FROM equity_hours WHERE model = %s GROUP BY model
            ON CONFLICT (model) DO UPDATE SET max_drawdown = excluded.max_drawdown, returns_ms = NULL""",
            (model,),
        )
        await update_equity_figures(connection, model, time_ms)
    cursor = await connection.execute("SELECT DISTINCT model FROM trades")
    await update_trade_figures(connection, [model for (model,) in await cursor.fetchall()])
    cursor = await connection.execute("SELECT model, max(day_ms) FROM decision_days GROUP BY model")
    await update_decision_figures(connection, await cursor.fetchall())


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value))
