"""`memory:{model}` in Redis: what an agent's prompt reminds the model of."""

from typing import Final

from redis.asyncio import Redis

from common.agent.prompt.memory import AccountGrowth, ClosedTrade, Denial, RecordedMemory, Standing
from recorder.storage.statements import Connection, select

ENTRIES: Final = 5


async def write_memory(connection: Connection, redis: Redis, model: str) -> None:
    """Writes what the tables hold of the model.

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
        trades=await _trades(connection, model),
        denials=await _denials(connection, model),
        account=AccountGrowth(**accounts[0]) if accounts else None,
        sharpe=statistics[0]["sharpe"] if statistics else None,
        standings=await _standings(connection),
    )
    await redis.set(f"memory:{model}", memory.model_dump_json())


async def _standings(connection: Connection) -> tuple[Standing, ...]:
    rows = await select(
        connection,
        """SELECT rank() OVER (ORDER BY growth DESC) AS rank, model, equity AS equity_usd,
            (growth - 1) * 100 AS return_percent FROM accounts WHERE model NOT LIKE '%%#%%' ORDER BY rank, model""",
    )
    return tuple(Standing(**row) for row in rows)


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
