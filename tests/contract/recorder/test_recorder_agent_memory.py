"""`memory:{model}` holds a model's latest closed trades and denials, newest first, and comes back after a wipe."""

import json
from decimal import Decimal
from typing import Any

from recorder_examples import decided, filled, state
from redis.asyncio import Redis

from common.events import Event, IntentKind, OrderRole, RiskDenied, RuleResult, derive
from common.trading.instruments import Symbol
from recorder.handlers import Recorder
from recorder.projections.agent_memory import ENTRIES

D = Decimal


async def read_memory(redis: Redis) -> dict[str, Any]:
    body: Any = await redis.get("memory:qwen")
    return dict(json.loads(body))


def round_trips(count: int) -> list[Event[Any]]:
    """Closed trades of 1 SOL each, the last one opened at (count − 1) s."""
    events = []
    for number in range(count):
        opened_ms, gain = number * 1_000, D(number)
        events += [
            filled("qwen", Symbol.SOL, 2 * number, opened_ms, D(1), D(100), D(0)),
            filled(
                "qwen",
                Symbol.SOL,
                2 * number + 1,
                opened_ms + 500,
                D(-1),
                D(100) + gain,
                D(1),
                closed_pnl=gain,
                role=OrderRole.TARGET,
            ),
        ]
    return events


def denied(cycle_id: str, time_ms: int) -> list[Event[Any]]:
    decision = decided("qwen", cycle_id, time_ms, symbol=Symbol.ETH)
    rules = (
        RuleResult(code="SPREAD", passed=True, value="1", limit="5", setting="MAX_SPREAD_BPS"),
        RuleResult(code="LEVERAGE", passed=False, value="12", limit="10", setting="MAX_LEVERAGE", detail="12 > 10"),
    )
    denial = RiskDenied(
        model="qwen",
        intent_kind=IntentKind.ENTRY,
        decision_id=decision.id,
        symbol=Symbol.ETH,
        denial_code="LEVERAGE",
        rules=rules,
    )
    return [decision, derive(decision, denial, time_ms + 5)]


async def test_memory_holds_the_latest_closed_trades(recorder: Recorder, redis: Redis) -> None:
    still_open = filled("qwen", Symbol.BTC, 99, 60_000, D(1), D(90_000), D(0))
    await recorder.store([state("qwen", 1, D(10_000)), *round_trips(ENTRIES + 2), still_open], 1)
    memory = await read_memory(redis)
    assert [trade["entered_ms"] for trade in memory["trades"]] == [6_000, 5_000, 4_000, 3_000, 2_000]
    newest = memory["trades"][0]
    assert (newest["symbol"], newest["close_reason"], newest["pnl_usd"]) == ("SOL", "take_profit", "6")
    assert memory["account"] == {"growth": "1", "growth_equity_usd": "10000", "transfers_usd": "0"}
    assert (memory["sharpe"], memory["denials"]) == (None, [])


async def test_a_denial_has_the_figures_of_the_rule_that_denied(recorder: Recorder, redis: Redis) -> None:
    await recorder.store([*denied("c1", 1_000), *denied("c2", 2_000)], 1)
    newest, oldest = (await read_memory(redis))["denials"]
    assert newest == {
        "symbol": "ETH",
        "action": "LONG",
        "code": "LEVERAGE",
        "value": "12",
        "limit": "10",
        "time_ms": 2_000,
    }
    assert oldest["time_ms"] == 1_000


async def test_a_decision_restores_a_wiped_memory(recorder: Recorder, redis: Redis) -> None:
    await recorder.store(round_trips(1), 1)
    before = await read_memory(redis)
    await redis.flushall()
    await recorder.store([decided("qwen", "c9", 9_000)], 1)
    assert await read_memory(redis) == before
