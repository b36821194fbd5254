"""Cycles of two contenders with all that goes on the record: prompts, inputs, calls, verdicts, fills, payments."""

from decimal import Decimal
from random import Random
from typing import Any

from recorder_examples import approved, decided, filled, snapshot

from common.events import (
    AccountLedger,
    AgentDecision,
    ChatMessage,
    DecisionInputs,
    Event,
    LedgerKind,
    ModelCall,
    Prompt,
    originate,
)
from common.trading.instruments import Symbol

CONTENDERS = ("deepseek", "qwen")
FIRST_MS = 1_795_000_020_000
CYCLE_MS = 60_000
COINS = (Symbol.SOL, Symbol.BTC, Symbol.ETH)


def cycles(count: int, *, first: int = 0) -> list[Event[Any]]:
    """The events of `count` cycles from the number `first` on; the same for the same numbers."""
    return [event for number in range(first, first + count) for event in _cycle(number)]


def _cycle(number: int) -> list[Event[Any]]:
    random, time_ms, cycle_id = Random(number), FIRST_MS + number * CYCLE_MS, f"run-{number}"
    mids = {coin: Decimal(random.randrange(10_000, 99_999)) / 100 for coin in COINS}
    events: list[Event[Any]] = [snapshot(cycle_id, time_ms, mids)]
    for each, model in enumerate(CONTENDERS):
        decision = decision_with_texts(model, cycle_id, time_ms, random)
        approval = approved(decision)
        price, trade_id = mids[Symbol.BTC], number * 10 + each
        start = Decimal(number)
        fill = filled(model, Symbol.BTC, trade_id, time_ms + 900, Decimal(1), price, start, intent=approval)
        events += [decision, approval, fill, _funding(model, number, time_ms)]
    return events


def decision_with_texts(model: str, cycle_id: str, time_ms: int, random: Random) -> Event[AgentDecision]:
    """A decision with a re-ask, all its inputs, and texts that change a little from cycle to cycle."""
    event = decided(model, cycle_id, time_ms)
    figures = " ".join(str(random.randrange(100)) for _ in range(400))
    prompt = Prompt(
        system=f"You are {model}. " + "Answer with one JSON object. " * 60,
        user=f"{'The series are oldest first. ' * 50}{figures}",
        strategy="trend-v1",
        strategy_hash="h",
        prompt_hash=f"p {cycle_id}",
    )
    inputs = DecisionInputs(
        account_state='{"account": "' + figures[:1_100] + '"}',
        memory='{"memory": null, "day": null}',
        limits="{" + '"limit": 1, ' * 100 + "}",
        coins=COINS,
        strategy="Follow the trend. " * 70,
        language="en",
        mode="baseline",
    )
    call = ModelCall(
        asked_ms=time_ms, answered_ms=time_ms + 9, body=f"no JSON {figures}", text=figures, cost_usd=Decimal(1)
    )
    asked_again = (ChatMessage(role="assistant", content=figures), ChatMessage(role="user", content="One JSON object."))
    again = call.model_copy(update={"added_messages": asked_again, "body": "{}", "text": "{}"})
    changes = {"prompt": prompt, "inputs": inputs, "parameters": '{"temperature": 0}', "calls": (call, again)}
    return event.model_copy(update={"data": event.data.model_copy(update=changes)})


def _funding(model: str, number: int, time_ms: int) -> Event[AccountLedger]:
    payload = AccountLedger(
        model=model,
        kind=LedgerKind.FUNDING,
        amount_usd=Decimal("-0.01"),
        reason="funding",
        coin=Symbol.BTC,
        size_coin=Decimal(1),
        rate_hourly=Decimal("0.0000125"),
    )
    return originate(payload, keys=(model, number), time_ms=time_ms, now_ms=time_ms + 5)
