"""`memory:{model}` holds what a model's prompt reminds it of, and comes back after a wipe."""

import json
from decimal import Decimal
from typing import Any

import pytest
from recorder_examples import approved, decided, filled, state
from redis.asyncio import Redis

from common.agent.prompt.memory import RecordedMemory
from common.events import (
    AccountLedger,
    AccountUpdated,
    Action,
    AgentDecision,
    Event,
    IgnoredStop,
    IgnoreReason,
    IntentKind,
    Invalidation,
    LedgerKind,
    OrderFilled,
    OrderRole,
    Outcome,
    RefusedAnswer,
    RiskApproved,
    RiskDenied,
    RuleResult,
    derive,
    originate,
)
from common.trading.instruments import Symbol
from common.trading.orders import Side
from recorder.handlers import Recorder
from recorder.projections.agent_memory import ENTRIES
from support.risk_examples import a_position

D = Decimal


async def read_memory(redis: Redis) -> dict[str, Any]:
    """The cached value, which an agent's Memory must be able to read."""
    body: Any = await redis.get("memory:qwen")
    RecordedMemory.model_validate_json(body)
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


CONDITION = Invalidation(timeframe="15m", indicator="close", op="<", value=95.5)


def entered(side: Side, *, reasoning: str = "it rises") -> tuple[Event[AgentDecision], Event[RiskApproved]]:
    """A decision at 1 s that asks for a stop at 90 on SOL, and its approval with the stop 95 from the entry's side."""
    action = Action.LONG if side is Side.LONG else Action.SHORT
    decision = decided("qwen", "c1", 1_000, action=action, symbol=Symbol.SOL)
    assert decision.data.decision is not None
    stated = {"stop_loss": D(90), "invalidation_condition": CONDITION, "reasoning": reasoning}
    answer = decision.data.decision.model_copy(update=stated)
    decision = decision.model_copy(update={"data": decision.data.model_copy(update={"decision": answer})})
    approval = approved(decision)
    ignored = IgnoredStop(
        field="stop_loss", reason=IgnoreReason.TOO_FAR, asked_price=D(90), used_price=D(95), mark_price=D(100)
    )
    intent = approval.data.intent.model_copy(update={"stop_loss_price": D(100) - 5 * side.sign})
    data = approval.data.model_copy(update={"intent": intent, "ignored_stops": (ignored,)})
    return decision, approval.model_copy(update={"data": data})


def held(time_ms: int, mark: int, side: Side, intent_id: str) -> Event[AccountUpdated]:
    """An account state with 2 SOL, entered at 100."""
    position = a_position(
        Symbol.SOL,
        side,
        size_coin=D(2),
        mark_price=D(mark),
        entry_price=D(100),
        stop_loss_price=D(96),
        take_profit_price=None,
        intent_id=intent_id,
        cycle_id="c1",
        opened_ms=1_500,
    )
    return state("qwen", time_ms, D(10_000), positions=(position,))


def entry_fill(side: Side, approval: Event[RiskApproved]) -> Event[OrderFilled]:
    return filled("qwen", Symbol.SOL, 1, 2_000, 2 * D(side.sign), D(100), D(0), fee=D("0.09"), intent=approval)


@pytest.mark.parametrize(("side", "best", "worst"), [(Side.LONG, "104", "97"), (Side.SHORT, "97", "104")])
async def test_a_position_comes_back_with_its_plan_and_its_extremes(
    recorder: Recorder, redis: Redis, side: Side, best: str, worst: str
) -> None:
    decision, approval = entered(side, reasoning="it rises,\nsays\u202e " + 300 * "x")
    await recorder.store([decision, approval, entry_fill(side, approval)], 1)
    for time_ms, mark in ((3_000, 101), (4_000, 104), (5_000, 97), (6_000, 102)):
        await recorder.store([held(time_ms, mark, side, approval.id)], 1)
    paid = AccountLedger(model="qwen", kind=LedgerKind.FUNDING, amount_usd=D("-0.5"), reason="funding", coin="SOL")
    await recorder.store([originate(paid, keys=(1,), time_ms=7_000, now_ms=7_000)], 1)
    [plan] = (await read_memory(redis))["positions"]
    reasoning = plan.pop("reasoning")
    assert reasoning.startswith("it rises, says x")
    assert (len(reasoning), reasoning[-1]) == (240, "…")
    assert plan == {
        "symbol": "SOL",
        "side": side.value,
        "cycle_id": "c1",
        "entered_ms": 2_000,
        "entry_price": "100",
        "confidence": "72",
        "invalidation_condition": CONDITION.model_dump(),
        "asked_stop_loss": "90",
        "asked_take_profit": None,
        "stop_loss": "96",
        "take_profit": None,
        "initial_stop_loss": str(100 - 5 * side.sign),
        "initial_risk_usd": "10",
        "fees_usd": "0.09",
        "funding_usd": "0.5",
        "best_price": best,
        "worst_price": worst,
    }


async def test_the_extremes_of_a_position_begin_again_with_its_intent(recorder: Recorder, redis: Redis) -> None:
    await recorder.store([held(3_000, 150, Side.LONG, "old"), held(4_000, 101, Side.LONG, "new")], 1)
    await recorder.store([decided("qwen", "c9", 9_000)], 1)
    [plan] = (await read_memory(redis))["positions"]
    assert (plan["best_price"], plan["worst_price"], plan["reasoning"]) == ("101", "100", None)


async def test_the_last_valid_answer_on_each_coin_is_kept(recorder: Recorder, redis: Redis) -> None:
    hold = decided("qwen", "c4", 4_000, action=Action.HOLD)
    assert hold.data.decision is not None
    decision = hold.data.decision.model_copy(update={"symbol": None})
    await recorder.store(
        [
            decided("qwen", "c1", 1_000, symbol=Symbol.BTC),
            decided("qwen", "c2", 2_000, symbol=Symbol.ETH),
            decided("qwen", "c3", 3_000, symbol=Symbol.BTC, action=Action.CLOSE, confidence=D("66.5")),
            hold.model_copy(update={"data": hold.data.model_copy(update={"decision": decision})}),
        ],
        1,
    )
    answers = (await read_memory(redis))["answers"]
    assert answers[0] == {
        "symbol": "BTC",
        "action": "CLOSE",
        "confidence": "66.5",
        "reasoning": "because",
        "time_ms": 3_000,
    }
    assert [(each["symbol"], each["time_ms"]) for each in answers[1:]] == [("ETH", 2_000), (None, 4_000)]


async def test_an_ignored_stop_is_kept_with_its_figures(recorder: Recorder, redis: Redis) -> None:
    decision, approval = entered(Side.LONG)
    await recorder.store([decision], 1)
    await recorder.store([approval], 1)
    assert (await read_memory(redis))["ignored_stops"] == [
        {
            "symbol": "SOL",
            "stop": {
                "field": "stop_loss",
                "reason": "too_far",
                "asked_price": "90",
                "used_price": "95",
                "mark_price": "100",
            },
            "time_ms": 1_000,
        }
    ]


async def test_refused_answers_are_kept_newest_first(recorder: Recorder, redis: Redis) -> None:
    corrected, invalid = decided("qwen", "c1", 1_000), decided("qwen", "c2", 2_000)
    fraction, prose = RefusedAnswer(code="FRACTION", reason="percent"), RefusedAnswer(code="NOT_JSON", reason="no")
    first = corrected.data.model_copy(update={"refused_answers": (fraction,), "leniencies": ("code_fence",)})
    second = invalid.data.model_copy(
        update={"refused_answers": (fraction, prose), "outcome": Outcome.INVALID, "decision": None}
    )
    events = [corrected.model_copy(update={"data": first}), invalid.model_copy(update={"data": second})]
    await recorder.store([*events, decided("qwen", "c3", 3_000)], 1)
    refused = (await read_memory(redis))["refused_answers"]
    found = [(each["code"], each["is_corrected"], each["time_ms"]) for each in refused]
    assert found == [("NOT_JSON", False, 2_000), ("FRACTION", False, 2_000), ("FRACTION", True, 1_000)]


async def test_a_decision_restores_a_wiped_memory(recorder: Recorder, redis: Redis) -> None:
    await recorder.store(round_trips(1), 1)
    before = await read_memory(redis)
    await redis.flushall()
    await recorder.store([decided("qwen", "c9", 9_000)], 1)
    after = await read_memory(redis)
    assert after["answers"]
    assert after | {"answers": []} == before


async def test_the_standings_rank_every_contender_by_its_return(recorder: Recorder, redis: Redis) -> None:
    states = [
        state("qwen", 1, D(10_000)),
        state("deepseek", 1, D(20_000)),
        state("deepseek", 400_000, D(19_000)),
        state("qwen", 400_000, D(10_400)),
    ]
    await recorder.store([*states, decided("qwen", "c1", 400_000)], 1)
    standings = (await read_memory(redis))["standings"]
    assert [(row["rank"], row["model"], row["equity_usd"]) for row in standings] == [
        (1, "qwen", "10400"),
        (2, "deepseek", "19000"),
    ]
    assert [D(row["return_percent"]) for row in standings] == [4, -5]
