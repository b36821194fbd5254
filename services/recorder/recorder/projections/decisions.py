"""What became of decisions: their verdict and execution, and what they state copied to the trades they opened."""

from collections.abc import Sequence

from recorder.storage.statements import Connection


async def update_decisions(connection: Connection, decision_ids: Sequence[str]) -> None:
    """Writes verdict and execution into these decisions, whichever of decision, verdict and fill was stored last.

    A denial with the code VOID, by which risk revokes an approval that was lost, takes precedence over the approval.
    """
    if not decision_ids:
        return
    await connection.execute(
        """UPDATE ai_decisions d SET verdict = v.verdict, denial_code = v.denial_code,
            executed = d.executed OR EXISTS (SELECT 1 FROM fills f WHERE f.intent_id = v.id)
        FROM (
            SELECT DISTINCT ON (decision_id) id, decision_id, verdict, denial_code FROM verdicts
            WHERE decision_id = ANY(%s) AND intent_kind <> 'invalidation'
            ORDER BY decision_id, denial_code = 'VOID' DESC NULLS LAST
        ) v WHERE v.decision_id = d.id""",
        (list(decision_ids),),
    )


async def find_decisions(connection: Connection, intent_ids: Sequence[str]) -> dict[str, str]:
    """Decision id by intent id, of the intents whose verdict is stored."""
    if not intent_ids:
        return {}
    cursor = await connection.execute("SELECT id, decision_id FROM verdicts WHERE id = ANY(%s)", (list(intent_ids),))
    return dict(await cursor.fetchall())


async def copy_to_trades(connection: Connection, decision_ids: Sequence[str]) -> set[str]:
    """Writes what these decisions state into trades whose fills were stored before them; returns the trades' models."""
    if not decision_ids:
        return set()
    cursor = await connection.execute(
        """UPDATE trades t SET confidence = d.confidence, reasoning = d.reasoning FROM ai_decisions d
        WHERE d.id = t.decision_id AND t.decision_id = ANY(%s) RETURNING t.model""",
        (list(decision_ids),),
    )
    return {model for (model,) in await cursor.fetchall()}
