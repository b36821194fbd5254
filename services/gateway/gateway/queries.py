"""Read-only SQL over the recorder's views. Every list is paged by key; no query scans a table."""

from collections.abc import Sequence
from typing import Any

from psycopg.rows import dict_row

from common.runtime.database import Pool
from gateway.parameters import Cursor, cursor_text

Row = dict[str, Any]


class Queries:
    """Rows as browsers get them. Raises psycopg.OperationalError when PostgreSQL is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Row]:
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(query.encode(), parameters)
            return await cursor.fetchall()

    async def accounts(self) -> list[Row]:
        return await self.rows("SELECT * FROM api_accounts ORDER BY model")

    async def positions(self, model: str | None) -> list[Row]:
        return await self.rows(
            "SELECT * FROM api_positions WHERE %s::text IS NULL OR model = %s ORDER BY model, symbol", (model, model)
        )

    async def leaderboard(self) -> list[Row]:
        return await self.rows("SELECT * FROM api_leaderboard ORDER BY rank, model")

    async def fills(self, limit: int) -> list[Row]:
        """Newest first."""
        return await self.rows("SELECT * FROM api_fills ORDER BY time_ms DESC, id DESC LIMIT %s", (limit,))

    async def trades(
        self, model: str | None, symbol: str | None, limit: int, before: Cursor | None
    ) -> tuple[list[Row], str | None]:
        """Newest entry first, with the cursor of the next page."""
        conditions, values = _conditions({"model": model, "symbol": symbol}, "entry_time", before)
        query = f"SELECT * FROM api_trades {conditions} ORDER BY entry_time DESC, id DESC LIMIT %s"  # noqa: S608
        rows = await self.rows(query, (*values, limit + 1))
        return _page(rows, limit, "entry_time")

    async def decisions(self, model: str | None, limit: int, before: Cursor | None) -> tuple[list[Row], str | None]:
        """Newest first, with the cursor of the next page."""
        conditions, values = _conditions({"model": model}, "time_ms", before)
        query = f"SELECT * FROM api_decisions {conditions} ORDER BY time_ms DESC, id DESC LIMIT %s"  # noqa: S608
        rows = await self.rows(query, (*values, limit + 1))
        return _page(rows, limit, "time_ms")

    async def decision(self, cycle_id: str, model: str) -> Row | None:
        """One decision with everything that followed, or None."""
        rows = await self.rows("SELECT * FROM api_decisions WHERE model = %s AND cycle_id = %s", (model, cycle_id))
        if not rows:
            return None
        row = rows[0]
        [more] = await self.rows(
            """SELECT prompt_system, prompt_user, raw_response, reasoning_content, strategy, strategy_hash, prompt_hash,
                usage, wire(cost_usd) AS cost_usd, wire(stop_loss) AS stop_loss, wire(take_profit) AS take_profit,
                invalidation_condition, dropped_keys, attempts FROM ai_decisions WHERE id = %s""",
            (row["id"],),
        )
        prompt = {"system": more.pop("prompt_system"), "user": more.pop("prompt_user")}
        verdicts = await self.rows(
            "SELECT id, rules, intent FROM verdicts WHERE decision_id = %s ORDER BY time_ms", (row["id"],)
        )
        intents = [verdict["id"] for verdict in verdicts]
        orders = await self.rows("SELECT * FROM api_orders WHERE intent_id = ANY(%s) ORDER BY time_ms", (intents,))
        fills = await self.rows(
            """SELECT f.* FROM api_fills f JOIN fills USING (id) WHERE fills.intent_id = ANY(%s)
            ORDER BY f.time_ms""",
            (intents,),
        )
        rules = verdicts[0]["rules"] if verdicts else []
        intent = verdicts[0]["intent"] if verdicts else None
        return row | {"prompt": prompt} | more | {"rules": rules, "intent": intent, "orders": orders, "fills": fills}

    async def equity(self, model: str, since_ms: int, points: int) -> list[tuple[int, str]]:
        """At most about `points` values since a time, oldest first: the last one of each of that many equal spans."""
        rows = await self.rows(
            """SELECT DISTINCT ON (bucket) time_ms, wire(equity) AS equity FROM (
                SELECT s.time_ms, s.equity, width_bucket(s.time_ms, r.low, r.high + 1, %s) AS bucket
                FROM account_snapshots s, (SELECT min(time_ms) AS low, max(time_ms) AS high FROM account_snapshots
                    WHERE model = %s AND time_ms >= %s) r
                WHERE s.model = %s AND s.time_ms >= %s) b ORDER BY bucket, time_ms DESC""",
            (points, model, since_ms, model, since_ms),
        )
        return [(row["time_ms"], row["equity"]) for row in rows]

    async def latest_model_facts(self) -> dict[str, Row]:
        """Per model: which provider model answered last, and whether it was a stand-in."""
        rows = await self.rows(
            """SELECT m.model, d.provider_model, d.stand_in FROM accounts m, LATERAL (
                SELECT provider_model, stand_in FROM ai_decisions WHERE model = m.model
                ORDER BY time_ms DESC LIMIT 1) d"""
        )
        return {row["model"]: row for row in rows}

    async def trading_states(self) -> list[Row]:
        """Each model's trading state with its reasons, from risk's own table; none before risk has made it."""
        [found] = await self.rows("SELECT to_regclass('risk_state') IS NOT NULL AS there")
        if not found["there"]:
            return []
        return await self.rows(
            """SELECT model, value ->> 'state' AS state, value -> 'reasons' AS reasons
            FROM risk_state WHERE kind = 'state'"""
        )


def _conditions(equal: dict[str, str | None], time_column: str, before: Cursor | None) -> tuple[str, list[Any]]:
    conditions, values = [], []
    for column, value in equal.items():
        if value is not None:
            conditions.append(f"{column} = %s")
            values.append(value)
    parameters: list[Any] = list(values)
    if before is not None:
        conditions.append(f"({time_column}, id) < (%s, %s)")
        parameters += before
    return (f"WHERE {' AND '.join(conditions)}" if conditions else ""), parameters


def _page(rows: list[Row], limit: int, time_column: str) -> tuple[list[Row], str | None]:
    shown = rows[:limit]
    is_more = len(rows) > limit
    return shown, cursor_text(shown[-1][time_column], shown[-1]["id"]) if is_more else None
