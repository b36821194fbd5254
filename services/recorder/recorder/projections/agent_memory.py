"""`memory:{model}` in Redis: what an agent's prompt shows of the model's latest trades and denials."""

import json
from typing import Final

from redis.asyncio import Redis

from recorder.storage.statements import Connection, select

ENTRIES: Final = 5


async def write_memory(connection: Connection, redis: Redis, model: str) -> None:
    """Writes the latest closed trades and denials, newest first, with the account's growth and the Sharpe ratio.

    It reads the rows of the transaction it runs in. Should that fail to commit, the memory is ahead of the tables until
    the batch is stored again, which writes the same memory.
    """
    trades = await select(
        connection,
        """SELECT symbol, side, entry_price, exit_price, leverage, pnl, close_reason, entry_time, exit_time
        FROM api_trades WHERE model = %s AND status <> 'OPEN' ORDER BY entry_time DESC LIMIT %s""",
        model,
        ENTRIES,
    )
    denials = await select(
        connection,
        """SELECT v.symbol, v.denial_code, v.time_ms, v.cycle_id, d.action, r.rule ->> 'detail' AS detail
        FROM verdicts v LEFT JOIN ai_decisions d ON d.id = v.decision_id
        LEFT JOIN LATERAL (
            SELECT rule FROM jsonb_array_elements(v.rules) rule WHERE rule ->> 'code' = v.denial_code LIMIT 1
        ) r ON true
        WHERE v.model = %s AND v.verdict = 'DENIED' ORDER BY v.time_ms DESC LIMIT %s""",
        model,
        ENTRIES,
    )
    accounts = await select(
        connection,
        """SELECT anchor_growth::text AS growth, anchor_equity::text AS growth_equity_usd,
            (transfers + coalesce(start_transfers, 0))::text AS transfers_usd FROM accounts WHERE model = %s""",
        model,
    )
    statistics = await select(connection, "SELECT sharpe FROM model_statistics WHERE model = %s", model)
    sharpe = statistics[0]["sharpe"] if statistics else None
    body = {
        "trades": trades,
        "denials": denials,
        "account": accounts[0] if accounts else None,
        "sharpe": None if sharpe is None else str(sharpe),
    }
    await redis.set(f"memory:{model}", json.dumps(body))
