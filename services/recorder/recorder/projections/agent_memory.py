"""`memory:{model}`: what the agents' prompts tell a model of its last trades and denials."""

import json
from typing import Any

from psycopg.rows import dict_row

from recorder.tables import Connection

KEPT = 5


async def write_memory(connection: Connection, redis: Any, model: str) -> None:
    """Writes the last closed trades and the last denials, newest first, and the figures that a prompt shows."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        """SELECT symbol, side, entry_price, exit_price, leverage, pnl, close_reason, entry_time, exit_time
        FROM api_trades WHERE model = %s AND status <> 'OPEN' ORDER BY entry_time DESC LIMIT %s""",
        (model, KEPT),
    )
    trades = await cursor.fetchall()
    await cursor.execute(
        """SELECT v.symbol, v.code, v.time_ms, v.cycle_id, d.action, r.rule ->> 'detail' AS detail
        FROM verdicts v LEFT JOIN ai_decisions d ON d.id = v.decision_id
        LEFT JOIN LATERAL (SELECT rule FROM jsonb_array_elements(v.rules) rule WHERE rule ->> 'code' = v.code LIMIT 1) r
            ON true
        WHERE v.model = %s AND v.verdict = 'DENIED' ORDER BY v.time_ms DESC LIMIT %s""",
        (model, KEPT),
    )
    denials = await cursor.fetchall()
    await cursor.execute("SELECT start_balance FROM api_accounts WHERE model = %s", (model,))
    account = await cursor.fetchone()
    await cursor.execute("SELECT sharpe FROM model_statistics WHERE model = %s", (model,))
    statistics = await cursor.fetchone()
    body = {
        "trades": trades,
        "denials": denials,
        "start_balance": account["start_balance"] if account else None,
        "sharpe": str(statistics["sharpe"]) if statistics and statistics["sharpe"] is not None else None,
    }
    await redis.set(f"memory:{model}", json.dumps(body))
