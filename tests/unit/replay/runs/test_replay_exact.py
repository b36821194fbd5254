"""Each way in which a request can go comes out of the record byte for byte, and what was changed is named."""

import pytest
from replay_cycles import BUSY, SCRIPTS, Agent, Market, Reply, answer

from common.events import AgentDecision, Event, MarketSnapshot, Outcome
from replay.domain.cycle import StoredCycle
from replay.runs.exact import ExactResult, Replayed, replay_exactly
from replay.runs.recorded_time import run_in_recorded_time


def replay(snapshot: Event[MarketSnapshot], decision: Event[AgentDecision]) -> ExactResult:
    [result] = run_in_recorded_time([replay_exactly(StoredCycle(snapshot, decision))])
    return result


def changed(decision: Event[AgentDecision], /, **fields: object) -> Event[AgentDecision]:
    return decision.model_copy(update={"data": decision.data.model_copy(update=fields)})


@pytest.mark.parametrize("script", SCRIPTS, ids=range(len(SCRIPTS)))
def test_every_way_of_a_request_comes_out_as_recorded(script: tuple[Reply, ...]) -> None:
    snapshot = Market().snapshot()
    decision = Agent().decide(snapshot, script)
    assert len(decision.data.calls) == len(script)
    assert replay(snapshot, decision) == ExactResult(Replayed.EQUAL)


@pytest.mark.parametrize("affordable", [0, 1])
def test_a_request_that_could_not_be_paid_comes_out_as_recorded(affordable: int) -> None:
    snapshot = Market().snapshot()
    decision = Agent().decide(snapshot, ("not JSON", answer("HOLD")), affordable=affordable)
    assert decision.data.failure_code == "COST_CAP"
    assert replay(snapshot, decision) == ExactResult(Replayed.EQUAL)


def test_a_deadline_between_two_attempts_comes_out_as_recorded() -> None:
    snapshot = Market().snapshot()
    decision = Agent().decide(snapshot, (BUSY, None))
    waiting = changed(
        decision,
        calls=decision.data.calls[:1],
        attempts=1,
        cost_usd=decision.data.calls[0].cost_usd,
        failure_code=BUSY.code,
        failure_reason=f"until the deadline of 45 s: {BUSY.reason}",
    )
    assert replay(snapshot, waiting) == ExactResult(Replayed.EQUAL)


def test_a_changed_price_shows_in_prompt_and_decision() -> None:
    market = Market()
    snapshot, other = market.snapshot(), market.snapshot()
    decision = Agent().decide(snapshot, (answer("HOLD"),))
    forged = snapshot.model_copy(
        update={"data": other.data.model_copy(update={"boundary_ms": snapshot.data.boundary_ms})}
    )
    result = replay(forged, decision)
    assert result.replayed is Replayed.DIFFERENT
    places = [each.place for each in result.differences]
    assert any(place.startswith("prompt.user line") for place in places)
    assert "data.snapshot_mid_prices.BTC" in places
    assert "data.prompt.prompt_hash" in places


def test_a_changed_answer_a_missing_call_and_a_changed_decision_are_named() -> None:
    snapshot = Market().snapshot()
    decision = Agent().decide(snapshot, ("not JSON", answer("LONG", "BTC")))
    first, second = decision.data.calls
    forged = second.model_copy(update={"text": answer("LONG", "BTC", leverage=4)})
    result = replay(snapshot, changed(decision, calls=(first, forged)))
    assert "data.decision.leverage" in [each.place for each in result.differences]
    missing = replay(snapshot, changed(decision, calls=(first,), attempts=1, cost_usd=first.cost_usd))
    assert "request 2 is not in the record" in [each.replayed for each in missing.differences]
    more = replay(snapshot, changed(decision, calls=(first, second, second)))
    assert "1 of them were not made" in [each.replayed for each in more.differences]
    other = first.model_copy(update={"added_messages": second.added_messages})
    asked = replay(snapshot, changed(decision, calls=(other, second)))
    assert "request 1 has other messages than the recorded one" in [each.replayed for each in asked.differences]


def test_what_was_not_asked_or_not_kept_is_counted_apart() -> None:
    snapshot = Market().snapshot()
    decision = Agent().decide(snapshot, (answer("HOLD"),))
    skipped = changed(decision, outcome=Outcome.SKIPPED, decision=None, prompt=None, inputs=None, calls=())
    assert replay(snapshot, skipped).replayed is Replayed.NOT_ASKED
    assert replay(snapshot, changed(decision, inputs=None)).replayed is Replayed.WITHOUT_INPUTS
    pause = changed(
        decision,
        outcome=Outcome.FAILED,
        decision=None,
        failure_code="BREAKER_OPEN",
        failure_reason="a pause",
        calls=(),
        attempts=0,
        cost_usd=0,
        usage=None,
        raw_response=None,
        reasoning_content=None,
    )
    assert replay(snapshot, pause).replayed is Replayed.EQUAL
