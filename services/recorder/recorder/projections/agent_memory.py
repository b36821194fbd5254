"""`memory:{model}` in Redis: what an agent's prompt reminds the model of."""

from collections.abc import Sequence
from typing import Final

from redis.asyncio import Redis

from common.agent.prompt.memory import (
    AccountGrowth,
    Answered,
    ClosedTrade,
    Denial,
    PastIgnoredStop,
    PastRefusal,
    PositionPlan,
    RecordedMemory,
    Standing,
)
from common.events import Outcome
from common.trading.orders import Side
from recorder.storage.statements import Connection, Row, select

ENTRIES: Final = 5
RECENT_DECISIONS: Final = 240
"""How far back an answer on a coin is looked for: four hours of decisions a minute apart."""


async def write_memory(connection: Connection, redis: Redis, model: str, contenders: Sequence[str]) -> None:
    """Writes what the tables hold of the model; `contenders` are the roster's ids, who are ranked among themselves.

    It reads the rows of the transaction it runs in. Should that fail to commit, the memory is ahead of the tables until
    the batch is stored again, which writes the same memory.
    """
    accounts = await select(
        connection,
        """SELECT anchor_growth AS growth, anchor_equity AS growth_equity_usd,
            transfers + coalesce(start_transfers, 0) AS transfers_usd FROM accounts WHERE model = %s""",
        model,
    )
    statistics = await select(connection, "SELECT sharpe FROM model_statistics WHERE model = %s", model)
    memory = RecordedMemory(
        positions=await _positions(connection, model),
        answers=await _answers(connection, model),
        trades=await _trades(connection, model),
        denials=await _denials(connection, model),
        ignored_stops=await _ignored_stops(connection, model),
        refused_answers=await _refused_answers(connection, model),
        account=AccountGrowth(**accounts[0]) if accounts else None,
        sharpe=statistics[0]["sharpe"] if statistics else None,
        standings=await _standings(connection, contenders),
    )
    await redis.set(f"memory:{model}", memory.model_dump_json())


async def _standings(connection: Connection, contenders: Sequence[str]) -> tuple[Standing, ...]:
    rows = await select(
        connection,
        """SELECT rank() OVER (ORDER BY growth DESC) AS rank, model, equity AS equity_usd,
            (growth - 1) * 100 AS return_percent FROM accounts WHERE model = ANY(%s) ORDER BY rank, model""",
        list(contenders),
    )
    return tuple(Standing(**row) for row in rows)


async def _positions(connection: Connection, model: str) -> tuple[PositionPlan, ...]:
    """Open positions by coin, each with its entry's decision and verdict, and the trade that its fills make."""
    rows = await select(
        connection,
        """SELECT
            p.symbol, p.side, coalesce(t.cycle_id, p.cycle_id) AS cycle_id,
            coalesce(t.entry_ms, p.opened_ms, p.updated_ms) AS entered_ms, wire(p.entry_price) AS entry_price,
            d.reasoning, wire(d.confidence) AS confidence, d.invalidation_condition,
            wire(d.stop_loss) AS asked_stop_loss, wire(d.take_profit) AS asked_take_profit,
            wire(p.stop_loss) AS stop_loss, wire(p.take_profit) AS take_profit,
            v.intent ->> 'stop_loss_price' AS initial_stop_loss,
            wire(abs(p.entry_price - (v.intent ->> 'stop_loss_price')::numeric) * t.position_size) AS initial_risk_usd,
            wire(coalesce(t.fees, 0)) AS fees_usd, wire(coalesce(t.funding, p.funding)) AS funding_usd,
            wire(greatest(p.entry_price, p.mark_price, p.high_mark_price)) AS high,
            wire(least(p.entry_price, p.mark_price, p.low_mark_price)) AS low
        FROM positions p
        LEFT JOIN LATERAL (
            SELECT * FROM trades t WHERE t.model = p.model AND t.symbol = p.symbol AND t.status = 'OPEN'
            ORDER BY t.entry_ms DESC LIMIT 1
        ) t ON true
        LEFT JOIN verdicts v ON v.id = coalesce(p.intent_id, t.intent_id)
        LEFT JOIN ai_decisions d ON d.id = v.decision_id
        WHERE p.model = %s ORDER BY p.symbol""",
        model,
    )
    return tuple(_plan(row) for row in rows)


def _plan(row: Row) -> PositionPlan:
    high, low = row.pop("high"), row.pop("low")
    best, worst = (high, low) if row["side"] == Side.LONG else (low, high)
    return PositionPlan(**row, best_price=best, worst_price=worst)


async def _answers(connection: Connection, model: str) -> tuple[Answered, ...]:
    """The last valid answer on each coin, and the last that named none, among the latest decisions."""
    rows = await select(
        connection,
        """SELECT d.symbol, d.action, wire(d.confidence) AS confidence, d.reasoning, d.time_ms FROM (
            SELECT DISTINCT ON (symbol) id FROM (
                SELECT id, symbol, outcome, time_ms FROM ai_decisions WHERE model = %s
                ORDER BY time_ms DESC, id DESC LIMIT %s
            ) recent WHERE outcome = 'answered' ORDER BY symbol, time_ms DESC
        ) last JOIN ai_decisions d USING (id) ORDER BY d.symbol""",
        model,
        RECENT_DECISIONS,
    )
    return tuple(Answered(**row) for row in rows)


async def _ignored_stops(connection: Connection, model: str) -> tuple[PastIgnoredStop, ...]:
    rows = await select(
        connection,
        """SELECT v.symbol, v.ignored_stops, d.time_ms FROM verdicts v JOIN ai_decisions d ON d.id = v.decision_id
        WHERE v.model = %s AND v.ignored_stops IS NOT NULL ORDER BY v.time_ms DESC LIMIT %s""",
        model,
        ENTRIES,
    )
    stops = [
        PastIgnoredStop(symbol=row["symbol"], stop=stop, time_ms=row["time_ms"])
        for row in rows
        for stop in row["ignored_stops"]
    ]
    return tuple(stops[:ENTRIES])


async def _refused_answers(connection: Connection, model: str) -> tuple[PastRefusal, ...]:
    rows = await select(
        connection,
        """SELECT refused_answers, outcome, time_ms FROM ai_decisions
        WHERE model = %s AND refused_answers IS NOT NULL ORDER BY time_ms DESC LIMIT %s""",
        model,
        ENTRIES,
    )
    refusals = [
        PastRefusal(**refused, is_corrected=row["outcome"] == Outcome.ANSWERED, time_ms=row["time_ms"])
        for row in rows
        for refused in reversed(row["refused_answers"])
    ]
    return tuple(refusals[:ENTRIES])


async def _trades(connection: Connection, model: str) -> tuple[ClosedTrade, ...]:
    rows = await select(
        connection,
        """SELECT symbol, side, leverage, wire(entry_price) AS entry_price, wire(exit_price) AS exit_price,
            wire(pnl) AS pnl_usd, wire(fees) AS fees_usd, wire(funding) AS funding_usd, close_reason,
            entry_ms AS entered_ms, exit_ms AS exited_ms
        FROM trades WHERE model = %s AND status <> 'OPEN' ORDER BY entry_ms DESC LIMIT %s""",
        model,
        ENTRIES,
    )
    return tuple(ClosedTrade(**row) for row in rows)


async def _denials(connection: Connection, model: str) -> tuple[Denial, ...]:
    """Those of decisions: a close that risk itself decided is not the model's concern."""
    rows = await select(
        connection,
        """SELECT v.symbol, d.action, v.denial_code AS code, r.rule ->> 'value' AS value, r.rule ->> 'limit' AS "limit",
            d.time_ms
        FROM verdicts v JOIN ai_decisions d ON d.id = v.decision_id
        LEFT JOIN LATERAL (
            SELECT rule FROM jsonb_array_elements(v.rules) rule WHERE rule ->> 'code' = v.denial_code LIMIT 1
        ) r ON true
        WHERE v.model = %s AND v.verdict = 'DENIED' ORDER BY v.time_ms DESC LIMIT %s""",
        model,
        ENTRIES,
    )
    return tuple(Denial(**row) for row in rows)
