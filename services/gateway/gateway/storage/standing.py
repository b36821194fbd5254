"""SQL of how the contenders stand: results by coin, the lead, what a day has cost."""

from gateway.storage.queries import Queries, Row


class StandingQueries:
    """Rows as REST returns them. Raises psycopg.OperationalError while PostgreSQL is unavailable."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def day_costs(self, day_ms: int) -> list[Row]:
        """What each contender's decisions of the UTC day that begins then have cost."""
        return await self._queries.rows("SELECT model, cost_usd FROM api_day_costs WHERE day_ms = %s", (day_ms,))

    async def coin_results(self) -> list[Row]:
        """Each contender's ended trades by coin."""
        rows = await self._queries.rows("SELECT model, coins FROM api_coin_results ORDER BY model")
        return [{"model": row["model"]} | coin for row in rows for coin in row["coins"]]

    async def leads(self, limit: int) -> Row:
        """The newest changes of the lead, newest first, and how many hours each contender was ahead at the end of."""
        leads = await self._queries.rows(
            "SELECT * FROM api_leads ORDER BY since_ms DESC, until_ms DESC LIMIT %s", (limit,)
        )
        hours = await self._queries.rows(
            "SELECT model, count(*) AS hours FROM hour_leaders GROUP BY model ORDER BY model"
        )
        return {"leads": leads, "hours": hours}
