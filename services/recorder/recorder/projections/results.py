"""What became of decisions by the prices that followed, and the contenders' running score by it.

Both are computed in SQL from the rows: `refresh_results` and `refresh_duel_hour` in views/. A batch brings those in
line that its events can have changed, in whatever order decisions, verdicts and snapshots are stored.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from common.trading.durations import HOUR_MS, MINUTE_MS
from common.trading.margin import TAKER_FEE_FRACTION
from recorder.storage.statements import Connection

BATCH_DECISIONS: Final = 500


async def update_results(connection: Connection, decision_ids: Iterable[str], snapshot_times_ms: Sequence[int]) -> None:
    """Computes what changes with these decisions (stored, judged or filled) and with the snapshots of these times."""
    changed = {*decision_ids} | await _decisions_seen_in(connection, snapshot_times_ms)
    if not changed:
        return
    await connection.execute("SELECT refresh_results(%s, %s)", (list(changed), TAKER_FEE_FRACTION))
    cursor = await connection.execute(
        "SELECT DISTINCT time_ms / %s * %s FROM ai_decisions WHERE id = ANY(%s)", (HOUR_MS, HOUR_MS, list(changed))
    )
    for (hour_ms,) in await cursor.fetchall():
        await connection.execute("SELECT refresh_duel_hour(%s)", (hour_ms,))


async def _decisions_seen_in(connection: Connection, times_ms: Sequence[int]) -> set[str]:
    """Approved decisions whose result may depend on a snapshot of one of these times.

    That is one at a result's beginning or end, or at a full hour between, at which funding was paid.
    """
    if not times_ms:
        return set()
    cursor = await connection.execute(
        """SELECT d.id FROM unnest(%(times)s::bigint[]) s (time_ms)
        CROSS JOIN (SELECT minutes FROM result_horizons UNION ALL SELECT 0) h
        JOIN ai_decisions d ON d.verdict = 'APPROVED' AND d.time_ms
            BETWEEN s.time_ms - (h.minutes + 1) * %(minute)s AND s.time_ms - h.minutes * %(minute)s
        UNION
        SELECT d.id FROM unnest(%(times)s::bigint[]) s (time_ms)
        JOIN ai_decisions d ON d.verdict = 'APPROVED' AND d.time_ms
            BETWEEN s.time_ms - (SELECT max(minutes) FROM result_horizons) * %(minute)s - %(minute)s AND s.time_ms
        WHERE s.time_ms %% %(hour)s <= %(minute)s""",
        {"times": list(times_ms), "minute": MINUTE_MS, "hour": HOUR_MS},
    )
    return {decision_id for (decision_id,) in await cursor.fetchall()}


async def fill_in_results(connection: Connection) -> None:
    """Computes what a version without these tables has left out: results of approved decisions, and hours.

    An hour that has sums is left as it is, and so is one without results in which no two contenders answered.
    """
    cursor = await connection.execute(
        """SELECT d.id FROM ai_decisions d WHERE coalesce(d.verdict, 'NONE') = 'APPROVED'
        AND NOT EXISTS (SELECT FROM decision_results r WHERE r.decision_id = d.id)"""
    )
    missing = [decision_id for (decision_id,) in await cursor.fetchall()]
    for start in range(0, len(missing), BATCH_DECISIONS):
        batch = missing[start : start + BATCH_DECISIONS]
        await connection.execute("SELECT refresh_results(%s, %s)", (batch, TAKER_FEE_FRACTION))
    await connection.execute(
        """SELECT refresh_duel_hour(h.start_ms) FROM (SELECT DISTINCT day_ms FROM decision_days) d
        CROSS JOIN generate_series(d.day_ms, d.day_ms + 23 * 3600000::bigint, 3600000::bigint) h (start_ms)
        WHERE NOT EXISTS (SELECT FROM duel_hours u WHERE u.hour_ms = h.start_ms)
            AND NOT EXISTS (SELECT FROM result_hours u WHERE u.hour_ms = h.start_ms)
            AND (EXISTS (
                SELECT FROM decision_results r
                WHERE r.time_ms >= h.start_ms AND r.time_ms < h.start_ms + 3600000 AND r.result_percent IS NOT NULL
            ) OR EXISTS (
                SELECT FROM ai_decisions a JOIN ai_decisions b ON b.cycle_id = a.cycle_id AND b.model <> a.model
                WHERE a.time_ms >= h.start_ms AND a.time_ms < h.start_ms + 3600000
            ))"""
    )
