"""SQL of how the contenders stand: results by coin, the lead, what a day has cost."""

from collections.abc import Sequence
from typing import Final

from gateway.storage.queries import Queries, Row

LEADERS: Final = """
WITH best AS (
    SELECT
        hour_ms,
        time_ms,
        is_over,
        (array_agg(model ORDER BY growth DESC))[1] AS model,
        (array_agg(growth ORDER BY growth DESC))[1:2] AS growths
    FROM api_leads WHERE model = ANY(%(models)s) GROUP BY hour_ms, time_ms, is_over
), leaders AS (
    SELECT hour_ms, time_ms, is_over, CASE WHEN growths[1] > growths[2] THEN model END AS model
    FROM best WHERE cardinality(growths) = 2
)
"""
"""Who of `models` was ahead at each hour's end: the one with the highest growth, no one when two share it."""
HOURS: Final = f"{LEADERS} SELECT model, count(*) AS hours FROM leaders GROUP BY model ORDER BY model"  # noqa: S608
CHANGES: Final = f"""{LEADERS}
SELECT model, time_ms AS since_ms, lead(time_ms) OVER (ORDER BY hour_ms) AS until_ms
FROM (
    SELECT *, lag(model) OVER (ORDER BY hour_ms) AS model_before FROM leaders
    WHERE model IS NOT NULL AND (is_over OR NOT %(only_over)s)
) l
WHERE model_before IS DISTINCT FROM model
ORDER BY hour_ms DESC LIMIT %(limit)s
"""  # noqa: S608
"""From the end of the hour in which one was first found ahead until another one was; a tie leaves the lead."""


def ranked(rows: Sequence[Row], contenders: Sequence[str]) -> list[Row]:
    """The leaderboard's rows of these contenders, ranked among themselves: those that left hold no rank."""
    kept = [row for row in rows if row["model"] in contenders]
    return [row | {"rank": 1 + sum(other["rank"] < row["rank"] for other in kept)} for row in kept]


class StandingQueries:
    """Rows as REST returns them. Raises psycopg.OperationalError while PostgreSQL is unavailable."""

    def __init__(self, queries: Queries, models: Sequence[str]) -> None:
        """`models` are the roster's ids: a contender that left neither leads nor has results."""
        self._queries, self._models = queries, list(models)

    async def day_costs(self, day_ms: int) -> list[Row]:
        """What each contender's decisions of the UTC day that begins then have cost."""
        return await self._queries.rows("SELECT model, cost_usd FROM api_day_costs WHERE day_ms = %s", (day_ms,))

    async def coin_results(self) -> list[Row]:
        """Each contender's ended trades by coin."""
        return await self._queries.rows(
            "SELECT * FROM api_trade_coins WHERE model = ANY(%s) ORDER BY model, symbol", (self._models,)
        )

    async def leads(self, limit: int) -> Row:
        """The newest changes of the lead, newest first, and how many hours each contender was ahead at the end of.

        The hour that runs counts as it stands now.
        """
        hours = await self._queries.rows(HOURS, {"models": self._models})
        return {"leads": await self._changes(limit, only_over=False), "hours": hours}

    async def settled_leads(self, limit: int) -> list[Row]:
        """The changes of the lead in hours that are over: another state changes none of them."""
        return await self._changes(limit, only_over=True)

    async def _changes(self, limit: int, *, only_over: bool) -> list[Row]:
        return await self._queries.rows(CHANGES, {"models": self._models, "limit": limit, "only_over": only_over})
