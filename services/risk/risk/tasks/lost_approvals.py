"""Denies lost approvals: recorded as approved, yet neither stored by the executor nor waiting for it.

A wiped Redis loses the approvals that the executor had not read. No service will act on such an approval, so its record
must not stay APPROVED: a denial with the denial code VOID replaces it.
"""

from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from common.bus.port import Bus
from common.events import Event, IntentKind, RiskApproved, RiskDenied, external_id, originate
from common.runtime.database import Pool
from common.runtime.outages import is_outage
from common.runtime.service import Service
from common.trading.durations import DAY_MS
from common.trading.instruments import Symbol
from risk.storage.rebuild import EXECUTOR, MAX_APPROVALS

EVERY_S: Final = 30.0
VOID: Final = "VOID"
_APPROVED = """
    SELECT id, model, intent_kind, symbol, decision_id, cycle_id FROM verdicts
    WHERE verdict = 'APPROVED' AND time_ms >= %s AND strpos(model, '#') = 0 ORDER BY time_ms"""
_STORED = "SELECT intent_id FROM intents WHERE intent_id = ANY(%s)"
_RECORDED = "SELECT id FROM verdicts WHERE id = ANY(%s)"


async def find_lost_approvals(pool: Pool, bus: Bus, now_ms: int) -> list[Event[RiskDenied]]:
    """A denial for each lost approval of the last two days that is not recorded as denied yet.

    The order of the reads matters. An approval is recorded after it entered the stream, and leaves the executor's
    unacknowledged entries only once the executor has stored it. So one that is recorded first, then found neither
    unacknowledged nor stored, was lost; an approval that moves on between two reads is still found in the later one.
    Empty while a table is missing, or while too many approvals wait to read them all. A repeated denial has the same
    id, so running twice has no effect.
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
            denied = await (await connection.execute(_RECORDED, ([_denial_id(one) for one in approved],))).fetchall()
    except psycopg.errors.UndefinedTable:
        return []
    for approval_id in [*(event.id for event in waiting), *(stored_id for (stored_id,) in stored)]:
        approved.pop(approval_id, None)
    denied_ids = {denied_id for (denied_id,) in denied}
    return [_denial(row, now_ms) for row in approved.values() if _denial_id(row["id"]) not in denied_ids]


async def deny_lost_approvals(service: Service, pool: Pool) -> None:
    """Publishes the denials every half minute, on the instance that holds the lease; skips a turn in an outage."""
    while True:
        await service.clock.sleep(EVERY_S)
        if not service.is_owner:
            continue
        try:
            denials = await find_lost_approvals(pool, service.bus, service.clock.now_ms())
        except Exception as error:
            if not is_outage(error):
                raise
            continue
        for denial in denials:
            service.log.warning("denied a lost approval", cycle_id=denial.cycle_id, intent_id=denial.cause_id)
        if denials:
            await service.publish(*denials)


def _denial_id(approval_id: str) -> str:
    return external_id(RiskDenied.TYPE, VOID, approval_id)


def _denial(row: dict[str, Any], now_ms: int) -> Event[RiskDenied]:
    payload = RiskDenied(
        model=row["model"],
        intent_kind=IntentKind(row["intent_kind"]),
        decision_id=row["decision_id"],
        symbol=None if row["symbol"] is None else Symbol(row["symbol"]),
        denial_code=VOID,
        rules=(),
    )
    keys = (VOID, row["id"])
    return originate(payload, keys=keys, time_ms=now_ms, now_ms=now_ms, cycle_id=row["cycle_id"], cause_id=row["id"])
