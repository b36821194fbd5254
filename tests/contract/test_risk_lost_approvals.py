"""An approval that a wiped Redis lost is denied in the record; one that waits or is stored is not."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from common.bus.port import Commit
from common.bus.redis_streams import RedisBus
from common.events import AgentDecision, Event, IntentKind, RiskApproved, derive
from common.runtime.database import Pool, migrate, open_pool
from executor.storage.intents import IntentStore
from recorder.projections.decisions import update_decisions
from recorder.storage.rows import decision_row, verdict_row
from recorder.storage.statements import insert
from risk.gate.verdict import intent_of, judge
from risk.tasks.lost_approvals import find_lost_approvals
from support.risk_examples import NOW_MS, a_decision, a_decision_event, healthy_input


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[RedisBus]:
    opened = RedisBus(redis_url)
    await opened.prepare("executor", [RiskApproved.TYPE])
    yield opened
    await opened.close()


def approved(cycle: str) -> tuple[Event[AgentDecision], Event[RiskApproved]]:
    decision = a_decision_event(a_decision(), cycle=cycle, at_ms=NOW_MS)
    draft = judge(healthy_input()).draft
    assert draft is not None
    intent = intent_of(draft, NOW_MS + 30_000)
    verdict = RiskApproved(
        model="deepseek", intent_kind=IntentKind.ENTRY, decision_id=decision.id, intent=intent, rules=()
    )
    return decision, derive(decision, verdict, NOW_MS)


async def record(pool: Pool, decisions: list[Event[Any]], verdicts: list[Event[Any]]) -> None:
    """Stores as the recorder does, once per verdict, in this order."""
    async with pool.connection() as connection:
        await insert(connection, "ai_decisions", [decision_row(event) for event in decisions])
        for event in verdicts:
            await insert(connection, "verdicts", [verdict_row(event)])
            await update_decisions(connection, [event.data.decision_id])


async def shown_verdicts(pool: Pool) -> dict[str, tuple[str, str | None]]:
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT cycle_id, verdict, denial_code FROM api_decisions")
        return {cycle: (verdict, code) for cycle, verdict, code in await cursor.fetchall()}


async def test_only_a_lost_approval_is_denied_in_the_record(pool: Pool, bus: RedisBus) -> None:
    await migrate(pool, "executor")
    await migrate(pool, "recorder")
    lost, stored, waiting = approved("lost"), approved("stored"), approved("waiting")
    pairs = [lost, stored, waiting]
    for _, event in pairs[:2]:
        await bus.commit(Commit("risk", events=[event]))
    await IntentStore(pool).add(stored[1], NOW_MS)
    await record(pool, [decision for decision, _ in pairs], [event for _, event in pairs])
    assert await find_lost_approvals(pool, bus, NOW_MS) != []  # The third is not in the stream yet.
    await bus.client.flushall()
    await bus.prepare("executor", [RiskApproved.TYPE])
    await bus.commit(Commit("risk", events=[waiting[1]]))

    (denial,) = await find_lost_approvals(pool, bus, NOW_MS)
    assert (denial.data.decision_id, denial.data.denial_code, denial.cause_id) == (lost[0].id, "VOID", lost[1].id)
    await record(pool, [], [denial])
    assert await shown_verdicts(pool) == {
        "lost": ("DENIED", "VOID"),
        "stored": ("APPROVED", None),
        "waiting": ("APPROVED", None),
    }
    assert await find_lost_approvals(pool, bus, NOW_MS) == []
    # The approval itself, should it be recorded only now, changes nothing.
    await record(pool, [], [lost[1]])
    assert (await shown_verdicts(pool))["lost"] == ("DENIED", "VOID")


async def test_without_the_other_services_tables_nothing_is_denied(pool: Pool, bus: RedisBus) -> None:
    assert await find_lost_approvals(pool, bus, NOW_MS) == []
