"""Reconciles each account's cash with the recorded rows, and alerts where cash stays unexplained."""

from collections.abc import Sequence
from typing import Any, Final

from common.events import (
    AccountLedger,
    AccountSums,
    AccountUpdated,
    AlertCode,
    AlertSeverity,
    Event,
    LedgerKind,
    OrderFilled,
    SystemAlert,
    derive,
)
from recorder.domain.reconciliation import CashState, Excess, Movements, Reconciliation, reconcile
from recorder.storage.statements import Connection, Row, select, upsert

CHECK_EVERY_MS: Final = 60_000


def funding_payments(events: Sequence[Event[Any]]) -> list[tuple[str, str, int]]:
    """(model, coin, time) of each funding payment, which changes the P&L of the trade that was open then."""
    return [
        (event.data.model, event.data.coin, event.time_ms)
        for event in events
        if isinstance(event.data, AccountLedger)
        and event.data.kind is LedgerKind.FUNDING
        and event.data.coin is not None
    ]


async def reconcile_accounts(
    connection: Connection, events: Sequence[Event[Any]], now_ms: int
) -> tuple[Event[Any], ...]:
    """Reconciles the newest state of each account that is due; returns the alerts, whose ids follow from the states.

    Due are an account whose cash a row of this batch explains, one with a residual above its limit, and every one once
    a minute. Only states with sums are reconciled, since the sums say from when on rows count. The same batch stored
    again finds the alert's state in `alerted_by` and returns the same alert.
    """
    moved = {event.data.model for event in events if isinstance(event.data, OrderFilled | AccountLedger)}
    states = {event.data.model: event for event in events if isinstance(event.data, AccountUpdated)}
    alerts = []
    for model, event in states.items():
        sums = event.data.sums
        previous = await _select_previous(connection, model)
        if sums is not None and _is_due(event.data, previous, has_moved=model in moved):
            alerts += await _reconcile_account(connection, event, sums, previous, now_ms)
    return tuple(alerts)


def _is_due(data: AccountUpdated, previous: Row | None, *, has_moved: bool) -> bool:
    if previous is None:
        return True
    age_ms: int = data.state_ms - previous["time_ms"]
    return abs(age_ms) >= CHECK_EVERY_MS or (age_ms >= 0 and (has_moved or previous["above_since_ms"] is not None))


async def _reconcile_account(
    connection: Connection, event: Event[AccountUpdated], sums: AccountSums, previous: Row | None, now_ms: int
) -> list[Event[Any]]:
    data = event.data
    state = CashState(
        id=event.id,
        time_ms=data.state_ms,
        received_ms=data.received_ms,
        equity=data.equity_usd,
        unrealized_pnl=data.unrealized_pnl_usd,
        since_ms=sums.since_ms,
        start_cash=sums.start_cash_usd,
    )
    movements = await _select_movements(connection, data.model, sums.since_ms)
    excess = Excess(previous["above_since_ms"], previous["alerted_by"]) if previous else Excess()
    result = reconcile(state, movements, excess)
    await upsert(connection, "pnl_reconciliations", "model", _row(data.model, state, movements, result))
    return [_alert(event, result, now_ms)] if result.excess.alerted_by == event.id else []


def _row(model: str, state: CashState, movements: Movements, result: Reconciliation) -> Row:
    return {
        "model": model,
        "since_ms": state.since_ms,
        "start_cash": state.start_cash,
        "equity": state.equity,
        "unrealized_pnl": state.unrealized_pnl,
        "closed_pnl": movements.closed_pnl,
        "fees": movements.fees,
        "funding": movements.funding,
        "transfers": movements.transfers,
        "other": movements.other,
        "residual": result.residual,
        "residual_percent": result.residual_percent,
        "above_since_ms": result.excess.above_since_ms,
        "alerted_by": result.excess.alerted_by,
        "time_ms": state.time_ms,
    }


def _alert(event: Event[AccountUpdated], result: Reconciliation, now_ms: int) -> Event[Any]:
    payload = SystemAlert(
        code=AlertCode.PNL_RESIDUAL,
        severity=AlertSeverity.WARNING,
        service="recorder",
        model=event.data.model,
        message=f"{result.residual:.4f} USD of the account's cash are explained by no fill, funding, transfer or"
        " liquidation",
        figures={
            "residual_usd": f"{result.residual:.6f}",
            "residual_percent": f"{result.residual_percent:.6f}",
        },
    )
    return derive(event, payload, now_ms)


async def _select_movements(connection: Connection, model: str, since_ms: int) -> Movements:
    """Sums of the rows recorded after `since_ms`; `other` are trades on further coins and the backstop's share."""
    [fills] = await select(
        connection,
        """SELECT coalesce(sum(closed_pnl), 0) AS closed_pnl, coalesce(sum(fee), 0) AS fees FROM fills
        WHERE model = %s AND time_ms > %s""",
        model,
        since_ms,
    )
    [others] = await select(
        connection,
        """SELECT coalesce(sum(amount) FILTER (WHERE kind = 'funding'), 0) AS funding,
            coalesce(sum(amount) FILTER (WHERE kind = 'transfer'), 0) AS transfers,
            coalesce(sum(amount) FILTER (WHERE kind IN ('trade', 'liquidation')), 0) AS other
        FROM account_movements WHERE model = %s AND time_ms > %s""",
        model,
        since_ms,
    )
    return Movements(**fills, **others)


async def _select_previous(connection: Connection, model: str) -> Row | None:
    rows = await select(connection, "SELECT * FROM pnl_reconciliations WHERE model = %s", model)
    return rows[0] if rows else None
