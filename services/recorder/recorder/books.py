"""Whether profit ties out: an account's cash against its own fills, funding and transfers, with what is left over."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from psycopg.rows import dict_row

from common.events import (
    AccountLedger,
    AccountSums,
    AccountUpdated,
    AlertSeverity,
    Event,
    LedgerKind,
    OrderFilled,
    SystemAlert,
    derive,
)
from common.trading.symbols import SYMBOLS
from recorder.tables import Connection, insert

CHECK_EVERY_MS = 60_000
SETTLE_MS = 30_000
"""Streams are read side by side: only what is still missing after that long is missing."""
RESIDUAL_LIMIT_PERCENT = Decimal("0.01")

_SYMBOLS = {symbol.value for symbol in SYMBOLS}


def movement_row(event: Event[AccountLedger]) -> dict[str, Any]:
    data = event.data
    return {
        "id": event.id,
        "model": data.model,
        "kind": data.kind.value,
        "amount": data.amount_usd,
        "reason": data.reason,
        "coin": data.coin,
        "size": data.size_coin,
        "rate_hourly": data.rate_hourly,
        "time_ms": event.time_ms,
    }


def funded_markets(events: Sequence[Event[Any]]) -> list[tuple[str, str, int]]:
    """(model, symbol, time) of funding payments, whose trades must be folded again."""
    return [
        (event.data.model, event.data.coin, event.time_ms)
        for event in events
        if isinstance(event.data, AccountLedger)
        and event.data.kind is LedgerKind.FUNDING
        and event.data.coin in _SYMBOLS
    ]


async def funding_paid(
    connection: Connection, market: tuple[str, str], opened_ms: int, closed_ms: int | None
) -> Decimal:
    """What the positions of one coin paid for funding from a time on, up to another; negative when they received."""
    row = await (
        await connection.execute(
            """SELECT coalesce(-sum(amount), 0) FROM account_movements WHERE kind = 'funding' AND model = %s
            AND coin = %s AND time_ms > %s AND time_ms <= %s""",
            (*market, opened_ms, closed_ms if closed_ms is not None else 2**62),
        )
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate gives a row
    return Decimal(row[0])


async def check_books(connection: Connection, events: Sequence[Event[Any]], now_ms: int) -> tuple[Event[Any], ...]:
    """Ties out the newest state of each account that is due; an alert where the residual stays above its limit.

    Due is one whose cash a row of this batch explains, one that didn't tie out, and every one once a minute.
    """
    moved = {e.data.model for e in events if isinstance(e.data, OrderFilled | AccountLedger)}
    states = {event.data.model: event for event in events if isinstance(event.data, AccountUpdated)}
    alerts = []
    for model, event in states.items():
        sums = event.data.sums
        known = await _known(connection, model)
        if sums is None or (known is not None and event.data.state_ms < known["time_ms"]):
            continue
        is_open = known is None or known["above_since_ms"] is not None or model in moved
        if is_open or event.data.state_ms - known["time_ms"] >= CHECK_EVERY_MS:  # type: ignore[index]
            alerts += await _tie_out(connection, event, sums, known, now_ms)
    return tuple(alerts)


async def _tie_out(
    connection: Connection, event: Event[AccountUpdated], sums: AccountSums, known: dict[str, Any] | None, now_ms: int
) -> list[Event[Any]]:
    data = event.data
    moved = await _moved(connection, data.model, sums.since_ms)
    explained = sums.start_cash_usd + moved["realized_pnl"] - moved["fees"]
    explained += moved["funding"] + moved["transfers"] + moved["other"]
    residual = data.equity_usd - data.unrealized_pnl_usd - explained
    percent = residual / data.equity_usd * 100 if data.equity_usd > 0 else Decimal(0)
    is_above = abs(percent) > RESIDUAL_LIMIT_PERCENT
    above_since_ms = (known or {}).get("above_since_ms") if is_above else None
    if is_above and above_since_ms is None:
        above_since_ms = data.state_ms
    alerted_by = (known or {}).get("alerted_by") if is_above else None
    if above_since_ms is not None and data.state_ms - above_since_ms >= SETTLE_MS and alerted_by is None:
        alerted_by = event.id
    row = {
        "model": data.model,
        "since_ms": sums.since_ms,
        "start_cash": sums.start_cash_usd,
        "equity": data.equity_usd,
        "unrealized_pnl": data.unrealized_pnl_usd,
        **moved,
        "residual": residual,
        "residual_percent": percent,
        "above_since_ms": above_since_ms,
        "alerted_by": alerted_by,
        "time_ms": data.state_ms,
    }
    await connection.execute("DELETE FROM account_books WHERE model = %s", (data.model,))
    await insert(connection, "account_books", [row])
    if alerted_by != event.id:
        return []
    message = f"{residual:.4f} USD of the account's cash are explained by no fill, funding, transfer or liquidation"
    payload = SystemAlert(
        code="PNL_RESIDUAL",
        severity=AlertSeverity.WARNING,
        service="recorder",
        model=data.model,
        message=message,
        figures={"residual_usd": f"{residual:.6f}", "residual_percent": f"{percent:.6f}"},
    )
    return [derive(event, payload, now_ms)]


async def _moved(connection: Connection, model: str, since_ms: int) -> dict[str, Decimal]:
    """Sums of the recorded rows since a time."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        """SELECT coalesce(sum(closed_pnl), 0) AS realized_pnl, coalesce(sum(fee), 0) AS fees FROM fills
        WHERE model = %s AND time_ms > %s""",
        (model, since_ms),
    )
    fills = await cursor.fetchone()
    await cursor.execute(
        """SELECT coalesce(sum(amount) FILTER (WHERE kind = 'funding'), 0) AS funding,
            coalesce(sum(amount) FILTER (WHERE kind = 'transfer'), 0) AS transfers,
            coalesce(sum(amount) FILTER (WHERE kind IN ('trade', 'liquidation')), 0) AS other
        FROM account_movements WHERE model = %s AND time_ms > %s""",
        (model, since_ms),
    )
    return (fills or {}) | (await cursor.fetchone() or {})


async def _known(connection: Connection, model: str) -> dict[str, Any] | None:
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute("SELECT * FROM account_books WHERE model = %s", (model,))
    return await cursor.fetchone()
