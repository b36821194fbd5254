"""Approvals that got lost: recorded as approved, yet neither stored by the executor nor waiting for it. They are void.

A wiped Redis loses what the executor had not taken; nobody will ever act on it, so the record must not say APPROVED.
"""

from typing import Any

import psycopg
from psycopg.rows import dict_row

from common.bus.port import Bus, Unavailable
from common.events import Event, IntentKind, RiskApproved, RiskDenied, external_id, originate
from common.runtime.database import Pool
from common.runtime.outages import is_outage
from common.runtime.service import Service
from common.trading.instruments import Symbol
from risk.rebuild import EXECUTOR, MAX_APPROVALS
from risk.watch import DAY_MS

EVERY_S = 30.0
VOID = "VOID"
_APPROVED = """
    SELECT id, model, intent_kind, symbol, decision_id, cycle_id FROM verdicts
    WHERE verdict = 'APPROVED' AND time_ms >= %s ORDER BY time_ms"""
_STORED = "SELECT intent_id FROM intents WHERE intent_id = ANY(%s)"
_KNOWN = "SELECT id FROM verdicts WHERE id = ANY(%s)"


async def lost_approvals(pool: Pool, bus: Bus, now_ms: int) -> list[Event[RiskDenied]]:
    """A denial for each approval of the last two days that is void and not recorded so yet.

    Order matters: an approval leaves the stream only after the executor has stored it, so one that is recorded, then
    isn't waiting, then isn't stored, was lost. Nothing while a table is missing or too many wait to tell.
    """
    try:
        async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_APPROVED, (now_ms - 2 * DAY_MS,))
            approved = {row["id"]: row for row in await cursor.fetchall()}
        waiting = await bus.unacknowledged(EXECUTOR, RiskApproved.TYPE, count=MAX_APPROVALS)
        if len(waiting) >= MAX_APPROVALS:
            return []
        async with pool.connection() as connection:
            stored = await (await connection.execute(_STORED, (list(approved),))).fetchall()
            known = await (await connection.execute(_KNOWN, ([_id(one) for one in approved],))).fetchall()
    except psycopg.errors.UndefinedTable:
        return []
    for name in [*(event.id for event in waiting), *(name for (name,) in stored)]:
        approved.pop(name, None)
    said = {name for (name,) in known}
    return [_denial(row, now_ms) for name, row in approved.items() if _id(name) not in said]


async def void_lost_approvals(service: Service, pool: Pool) -> None:
    """Looks every half minute, while this instance is the one that approves."""
    while True:
        await service.clock.sleep(EVERY_S)
        if not service.is_owner:
            continue
        try:
            denials = await lost_approvals(pool, service.bus, service.clock.now_ms())
        except Exception as error:
            if not is_outage(error) and not isinstance(error, Unavailable):
                raise
            continue
        for denial in denials:
            service.log.warning("an approval got lost and is void", cycle_id=denial.cycle_id, approval=denial.cause_id)
        if denials:
            await service.publish(*denials)


def _id(approval_id: str) -> str:
    return external_id(RiskDenied.TYPE, VOID, approval_id)


def _denial(row: dict[str, Any], now_ms: int) -> Event[RiskDenied]:
    payload = RiskDenied(
        model=row["model"],
        intent_kind=IntentKind(row["intent_kind"]),
        decision_id=row["decision_id"],
        symbol=None if row["symbol"] is None else Symbol(row["symbol"]),
        code=VOID,
        rules=(),
    )
    keys = (VOID, row["id"])
    return originate(payload, keys=keys, time_ms=now_ms, now_ms=now_ms, cycle_id=row["cycle_id"], cause_id=row["id"])
