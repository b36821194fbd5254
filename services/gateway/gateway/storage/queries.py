"""Read-only SQL over the recorder's views. Every list is paged by key; no query scans a table.

A view's columns are the row's fields: a column that is added to a view appears in REST without a change here.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import psycopg
from psycopg.rows import dict_row

from common.runtime.database import Pool
from common.runtime.record.reader import read_recorded
from gateway.http.parameters import Cursor
from gateway.storage.paging import conditions_of, page_of_rows

Row = dict[str, Any]
FOREVER_MS = 2**62
Points = list[list[Any]]
RECORDED_TEXTS = {
    "prompt_system": "data.prompt.system",
    "prompt_user": "data.prompt.user",
    "raw_response": "data.raw_response",
    "reasoning_content": "data.reasoning_content",
}
"""Columns of ai_decisions whose texts are on the record, and their places in the event."""
LATEST_DECISIONS = "SELECT latency_ms FROM ai_decisions ORDER BY time_ms DESC, id DESC LIMIT %(sample)s"
LATEST_APPROVALS = """SELECT a.*, d.recorded_ms AS decided_ms,
    (SELECT min(f.recorded_ms) FROM fills f WHERE f.intent_id = a.id) AS filled_ms
    FROM (SELECT id, decision_id, time_ms FROM verdicts WHERE verdict = 'APPROVED' AND intent_kind IN ('entry', 'exit')
        ORDER BY time_ms DESC LIMIT %(sample)s) a LEFT JOIN ai_decisions d ON d.id = a.decision_id"""


class Queries:
    """Rows as REST returns them. Raises psycopg.OperationalError while PostgreSQL is unavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def rows(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """Reads; repeats what fails because a view was created again: once on each connection that had it prepared."""
        for _ in range(self._pool.max_size):
            with suppress(psycopg.errors.FeatureNotSupported):
                return await self._read(query, parameters)
        return await self._read(query, parameters)

    async def _read(self, query: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[Row]:
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(query.encode(), parameters)
            return await cursor.fetchall()

    async def accounts(self, models: Sequence[str] | None = None) -> list[Row]:
        """Those of `models`; else all that are recorded, which include contenders that left."""
        if models is None:
            return await self.rows("SELECT * FROM api_accounts ORDER BY model")
        return await self.rows("SELECT * FROM api_accounts WHERE model = ANY(%s) ORDER BY model", (list(models),))

    async def positions(self, models: Sequence[str]) -> list[Row]:
        return await self.rows(
            "SELECT * FROM api_positions WHERE model = ANY(%s) ORDER BY model, symbol", (list(models),)
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
        conditions, values = conditions_of({"model": model, "symbol": symbol}, "entry_time", before)
        query = f"SELECT * FROM api_trades {conditions} ORDER BY entry_time DESC, id DESC LIMIT %s"  # noqa: S608
        rows = await self.rows(query, (*values, limit + 1))
        return page_of_rows(rows, limit, "entry_time")

    async def trade(self, trade_id: str) -> Row | None:
        rows = await self.rows("SELECT * FROM api_trades WHERE id = %s", (trade_id,))
        return rows[0] if rows else None

    async def decisions(
        self, filters: Mapping[str, str | None], until_ms: int | None, limit: int, before: Cursor | None
    ) -> tuple[list[Row], str | None]:
        """Newest first up to a time, with the cursor of the next page; `filters` are columns and their values."""
        if before is None and until_ms is not None:
            before = (until_ms + 1, "")
        conditions, values = conditions_of(filters, "time_ms", before)
        query = f"SELECT * FROM api_decisions {conditions} ORDER BY time_ms DESC, id DESC LIMIT %s"  # noqa: S608
        rows = await self.rows(query, (*values, limit + 1))
        return page_of_rows(rows, limit, "time_ms")

    async def decision(self, cycle_id: str, model: str) -> Row | None:
        """One decision with its prompt, verdict, orders, fills and trade, or None."""
        rows = await self.rows("SELECT * FROM api_decisions WHERE model = %s AND cycle_id = %s", (model, cycle_id))
        if not rows:
            return None
        row = rows[0]
        [more] = await self.rows(
            """SELECT prompt_system, prompt_user, raw_response, reasoning_content, strategy, strategy_hash, prompt_hash,
                usage, wire(cost_usd) AS cost_usd, dropped_keys, attempts FROM ai_decisions WHERE id = %s""",
            (row["id"],),
        )
        more |= await self._recorded_texts(row["id"], more) | await self.plan(row["id"])
        prompt = {"system": more.pop("prompt_system"), "user": more.pop("prompt_user")}
        context = {
            "previous_prompt": await self._previous_prompt(row),
            "snapshot": await self.snapshot(cycle_id),
        }
        return row | {"prompt": prompt} | more | await self.following(row["id"]) | context

    async def plan(self, decision_id: str) -> Row:
        """The exit plan that a decision states."""
        [row] = await self.rows(
            """SELECT wire(stop_loss) AS stop_loss, wire(take_profit) AS take_profit, invalidation_condition
            FROM ai_decisions WHERE id = %s""",
            (decision_id,),
        )
        return row

    async def following(self, decision_id: str) -> Row:
        """What followed from a decision: the rules' results, the intent, its orders and fills, and their trade."""
        verdicts = await self.rows(
            "SELECT id, rules, intent, ignored_stops FROM verdicts WHERE decision_id = %s ORDER BY time_ms",
            (decision_id,),
        )
        intents = [verdict["id"] for verdict in verdicts]
        orders = await self.rows("SELECT * FROM api_orders WHERE intent_id = ANY(%s) ORDER BY time_ms", (intents,))
        fills = await self.rows(
            """SELECT f.* FROM api_fills f JOIN fills USING (id) WHERE fills.intent_id = ANY(%s)
            ORDER BY f.time_ms""",
            (intents,),
        )
        verdict = verdicts[0] if verdicts else {"rules": [], "intent": None, "ignored_stops": None}
        return {
            "rules": verdict["rules"],
            "intent": verdict["intent"],
            "ignored_stops": verdict["ignored_stops"] or [],
            "orders": orders,
            "fills": fills,
            "trade": await self._trade_of(fills[-1]) if fills else None,
        }

    async def _previous_prompt(self, decision: Row) -> Row | None:
        """The user message of the model's decision before this one; None before there is one."""
        rows = await self.rows(
            """SELECT id, cycle_id, prompt_user FROM ai_decisions
            WHERE model = %s AND (time_ms, id) < (%s, %s) AND prompt_hash IS NOT NULL
            ORDER BY time_ms DESC, id DESC LIMIT 1""",
            (decision["model"], decision["time_ms"], decision["id"]),
        )
        if not rows:
            return None
        [row] = rows
        texts = await self._recorded_texts(row["id"], {"prompt_user": row["prompt_user"]})
        return {"cycle_id": row["cycle_id"], "user": texts["prompt_user"]}

    async def _recorded_texts(self, decision_id: str, stored: Mapping[str, Any]) -> Row:
        """The decision's texts among these columns: from the record, or as stored by a version that had none."""
        async with self._pool.connection() as connection:
            recorded = (await read_recorded(connection, [decision_id])).get(decision_id)
        columns = RECORDED_TEXTS.keys() & stored.keys()
        return {name: recorded.value(RECORDED_TEXTS[name]) if recorded else stored[name] for name in columns}

    async def recorded_texts(self, decision_ids: Sequence[str]) -> dict[str, Row]:
        """Each decision's prompt and answer, as `_recorded_texts` has them."""
        stored = await self.rows(
            """SELECT id, prompt_system, prompt_user, raw_response, reasoning_content FROM ai_decisions
            WHERE id = ANY(%s)""",
            (list(decision_ids),),
        )
        async with self._pool.connection() as connection:
            recorded = await read_recorded(connection, decision_ids)
        return {
            row["id"]: {
                name: recorded[row["id"]].value(place) if row["id"] in recorded else row[name]
                for name, place in RECORDED_TEXTS.items()
            }
            for row in stored
        }

    async def snapshot(self, cycle_id: str) -> Any:
        rows = await self.rows("SELECT summary FROM market_snapshots WHERE cycle_id = %s", (cycle_id,))
        return rows[0]["summary"] if rows else None

    async def _trade_of(self, fill: Row) -> Row | None:
        """The trade that a fill belongs to."""
        rows = await self.rows(
            """SELECT * FROM api_trades WHERE model = %s AND symbol = %s AND entry_time <= %s
            ORDER BY entry_time DESC, id DESC LIMIT 1""",
            (fill["model"], fill["symbol"], fill["time_ms"]),
        )
        return rows[0] if rows else None

    async def equity(self, model: str, since_ms: int, buckets: int, until_ms: int = FOREVER_MS) -> dict[str, Points]:
        """Between two times, oldest first: `points`, [time in ms, USD], each bucket's lowest and highest equity and the
        last one; `returns`, [time in ms, percent], the time-weighted return at each of them where it is known."""
        rows = await self.rows(
            """SELECT time_ms, wire(equity) AS equity, wire((growth - 1) * 100) AS return_percent
            FROM equity_points(%s, %s, %s, %s)""",
            (model, since_ms, buckets, until_ms),
        )
        return {
            "points": [[row["time_ms"], row["equity"]] for row in rows],
            "returns": [[row["time_ms"], row["return_percent"]] for row in rows if row["return_percent"] is not None],
        }

    async def drawdown(self, model: str, since_ms: int, buckets: int, until_ms: int = FOREVER_MS) -> Points:
        """[time in ms, percent under the peak before, 0 or less] between two times, oldest first."""
        rows = await self.rows(
            "SELECT time_ms, wire(-100 * drawdown) AS drawdown FROM drawdown_points(%s, %s, %s, %s)",
            (model, since_ms, buckets, until_ms),
        )
        return [[row["time_ms"], row["drawdown"]] for row in rows]

    async def benchmarks(self) -> list[Row]:
        return await self.rows("SELECT * FROM api_benchmarks ORDER BY name")

    async def benchmark_series(
        self, start_balance: str, since_ms: int, buckets: int, until_ms: int = FOREVER_MS
    ) -> list[Row]:
        """Per benchmark [time in ms, USD]: the value that the starting balance would have."""
        rows = await self.rows(
            """SELECT time_ms, wire(btc_hold * %(start)s::numeric) AS btc_hold,
                wire(equal_weight * %(start)s::numeric) AS equal_weight
            FROM benchmark_points(%(since)s, %(buckets)s, %(until)s)""",
            {"start": start_balance, "since": since_ms, "buckets": buckets, "until": until_ms},
        )
        names = ("btc_hold", "equal_weight")
        return [{"name": name, "points": [[row["time_ms"], row[name]] for row in rows]} for name in names]

    async def model_statistics(self, model: str) -> Row:
        """The view's columns without `model`; all None before the model has an account."""
        [row] = await self.rows(
            """SELECT s.* FROM (SELECT %s::text AS wanted) w
            LEFT JOIN api_model_statistics s ON s.model = w.wanted""",
            (model,),
        )
        return {name: value for name, value in row.items() if name != "model"}

    async def alerts(self, limit: int) -> list[Row]:
        """Newest first."""
        return await self.rows("SELECT * FROM api_alerts ORDER BY time_ms DESC LIMIT %s", (limit,))

    async def latencies(self, sample: int) -> dict[str, Row]:
        """Per stage median, 99th percentile and count over the latest decisions; wall time, ms."""
        decisions = f"SELECT 'decision' AS name, latency_ms AS ms FROM ({LATEST_DECISIONS}) d"  # noqa: S608
        union = " UNION ALL ".join(f"({query})" for query in (decisions, *(await self._approval_stages())))
        rows = await self.rows(
            f"""WITH v AS MATERIALIZED ({LATEST_APPROVALS}) SELECT name, count(*) AS count,
                round(percentile_disc(0.5) WITHIN GROUP (ORDER BY ms))::bigint AS p50_ms,
                round(percentile_disc(0.99) WITHIN GROUP (ORDER BY ms))::bigint AS p99_ms
            FROM ({union}) u WHERE ms IS NOT NULL GROUP BY name""",  # noqa: S608
            {"sample": sample},
        )
        return {row.pop("name"): row for row in rows}

    async def _approval_stages(self) -> list[str]:
        """The stages after the decision; the time of sending stands in the executor's own table, if it exists."""
        stages = ["SELECT 'decision_to_verdict', time_ms - decided_ms FROM v"]
        if await self._has_table("intents"):
            stages += [
                "SELECT 'verdict_to_sent', i.first_sent_ms - v.time_ms FROM v JOIN intents i ON i.intent_id = v.id",
                "SELECT 'sent_to_filled', v.filled_ms - i.first_sent_ms FROM v JOIN intents i ON i.intent_id = v.id",
            ]
        return stages

    async def _has_table(self, name: str) -> bool:
        [found] = await self.rows("SELECT to_regclass(%s) IS NOT NULL AS there", (name,))
        return bool(found["there"])

    async def page_of(
        self, source: str, columns: Sequence[str], order: tuple[str, str], model: str | None, after: Cursor, limit: int
    ) -> list[Row]:
        """The next rows of a view after a (time, key), oldest first. Names come from `EXPORTS`, not a request."""
        filters, values = ("", []) if model is None else ("model = %s AND ", [model])
        names = ", ".join(order)
        query = (
            f"SELECT {', '.join(columns)} FROM {source} WHERE {filters}({names}) > (%s, %s)"  # noqa: S608
            f" ORDER BY {names} LIMIT %s"
        )
        return await self.rows(query, [*values, *after, limit])

    async def latest_provider_models(self) -> dict[str, Row]:
        """By contender: the provider's model that answered last, and whether it was a stand-in."""
        rows = await self.rows(
            """SELECT m.model, d.provider_model, d.stand_in FROM accounts m, LATERAL (
                SELECT provider_model, stand_in FROM ai_decisions WHERE model = m.model
                ORDER BY time_ms DESC LIMIT 1) d"""
        )
        return {row["model"]: row for row in rows}

    async def record_heads(self) -> list[Row]:
        """The newest link of each chain of the record."""
        return await self.rows("SELECT chain, sequence, link FROM api_record_heads ORDER BY chain")

    async def account_modes(self) -> list[Row]:
        """How the exchange keeps each account's collateral, in its own word."""
        return await self.rows("SELECT model, mode FROM api_accounts")

    async def trading_states(self) -> list[Row]:
        """Each model's trading state with its reasons, from risk's table; none before risk has created it."""
        if not await self._has_table("risk_state"):
            return []
        return await self.rows(
            """SELECT model, value ->> 'state' AS state, value -> 'reasons' AS reasons
            FROM risk_state WHERE kind = 'state'"""
        )

    async def halts(self) -> list[Row]:
        """The halts in force, oldest first: risk's, and those that were made on the executor's machine.

        `model` is None for a halt of all contenders; the reason LOCAL ends by `aicoin resume` alone.
        """
        halts: list[Row] = []
        if await self._has_table("risk_state"):
            halts += await self.rows(
                """SELECT nullif(model, '*') AS model, key AS reason, value ->> 'author' AS author,
                    (value ->> 'since_ms')::bigint AS since_ms, (value ->> 'until_ms')::bigint AS until_ms,
                    coalesce(value ->> 'detail', '') AS detail FROM risk_state WHERE kind = 'halt'"""
            )
        if await self._has_table("executor_halts"):
            halts += await self.rows(
                """SELECT nullif(model, '*') AS model, 'LOCAL' AS reason, author, since_ms, NULL::bigint AS until_ms,
                    reason AS detail FROM executor_halts WHERE is_local AND ended_ms IS NULL"""
            )
        return sorted(halts, key=lambda halt: (halt["since_ms"], halt["reason"], halt["model"] or ""))
