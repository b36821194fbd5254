"""One cycle with every contender's decision on it and what followed, and the contenders' running score."""

from typing import Any

from gateway.storage.queries import Queries, Row


class CycleQueries:
    """Rows as REST returns them, read by `Queries`."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def cycle(self, cycle_id: str) -> Row | None:
        """The cycle's snapshot, decisions, and what the prices did; None when neither is recorded."""
        rows = await self._queries.rows("SELECT * FROM api_decisions WHERE cycle_id = %s ORDER BY model", (cycle_id,))
        snapshot = await self._queries.snapshot(cycle_id)
        if not rows and snapshot is None:
            return None
        time_ms = int(snapshot["boundary_ms"] if snapshot else rows[0]["time_ms"])
        return {
            "cycle_id": cycle_id,
            "time_ms": time_ms,
            "previous_cycle": await self._neighbor(
                "SELECT cycle_id FROM api_decisions WHERE time_ms < %s ORDER BY time_ms DESC LIMIT 1", time_ms
            ),
            "next_cycle": await self._neighbor(
                "SELECT cycle_id FROM api_decisions WHERE time_ms > %s ORDER BY time_ms LIMIT 1", time_ms
            ),
            "snapshot": snapshot,
            "decisions": [await self._with_following(row) for row in rows],
            "moves": await self._moves(cycle_id),
        }

    async def scores(self) -> dict[str, list[Row]]:
        """The score of each two contenders, each one's results, and their calibrations."""
        return {
            "duels": await self._queries.rows("SELECT * FROM api_duels ORDER BY model, rival, minutes"),
            "results": await self._queries.rows("SELECT * FROM api_results ORDER BY model, minutes"),
            "calibrations": await self._queries.rows("SELECT * FROM api_calibrations ORDER BY model"),
        }

    async def _neighbor(self, query: str, time_ms: int) -> str | None:
        rows = await self._queries.rows(query, (time_ms,))
        return str(rows[0]["cycle_id"]) if rows else None

    async def _with_following(self, decision: Row) -> Row:
        plan, following = await self._queries.plan(decision["id"]), await self._queries.following(decision["id"])
        results = await self._queries.rows(
            "SELECT minutes, result_percent FROM api_decision_results WHERE decision_id = %s ORDER BY minutes",
            (decision["id"],),
        )
        return decision | plan | following | {"results": results}

    async def _moves(self, cycle_id: str) -> list[Row]:
        """Per coin of the snapshot, in its order, the price then and later."""
        coins: dict[str, Any] = {}
        for row in await self._queries.rows("SELECT * FROM price_moves(%s)", (cycle_id,)):
            coin = coins.setdefault(row["symbol"], {"symbol": row["symbol"], "price": row["price"], "later": []})
            coin["later"].append({name: row[name] for name in ("minutes", "time_ms", "later_price", "change_percent")})
        return list(coins.values())
