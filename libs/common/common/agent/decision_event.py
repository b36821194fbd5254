"""The event that a request for a decision becomes. Pure: an agent and a replay make it alike."""

from typing import Final

from common.agent.providers.port import error_text, storable
from common.agent.request import AskResult
from common.events import AgentDecision, DecisionInputs, Event, MarketSnapshot, Prompt, originate

RAW_CHARACTERS: Final = 40_000


def decision_event(
    snapshot: Event[MarketSnapshot],
    model: str,
    result: AskResult,
    *,
    prompt: Prompt | None,
    inputs: DecisionInputs | None,
    parameters: str | None,
    provider_model: str,
    stand_in: bool,
    asked_ms: int | None,
    now_ms: int,
) -> Event[AgentDecision]:
    """The decision of `model` on `snapshot`; its id is a function of both.

    `parameters` is the JSON text of what each request held beside its messages. `provider_model` is the model that was
    to be asked; an answer names its own. `asked_ms` is None where none was asked. Both times are wall times.
    """
    answer, parsed = result.answer, result.parsed
    payload = AgentDecision(
        model=model,
        outcome=result.outcome,
        decision=parsed.decision if parsed else None,
        failure_code=result.code,
        failure_reason=None if result.reason is None else error_text(result.reason),
        snapshot_id=snapshot.id,
        boundary_ms=snapshot.data.boundary_ms,
        snapshot_mid_prices={symbol: coin.mid_price for symbol, coin in snapshot.data.coins.items()},
        prompt=prompt,
        raw_response=_stored(answer.text) if answer else None,
        reasoning_content=_stored(answer.reasoning_content) if answer else None,
        dropped_keys=parsed.dropped_keys if parsed else (),
        refused_answers=result.refused_answers,
        leniencies=parsed.leniencies if parsed else (),
        attempts=result.attempts,
        provider_model=answer.provider_model if answer else provider_model,
        stand_in=stand_in,
        usage=result.usage,
        cost_usd=result.cost_usd,
        asked_ms=asked_ms,
        answered_ms=now_ms if asked_ms is not None else None,
        latency_ms=None if asked_ms is None else now_ms - asked_ms,
        parameters=parameters,
        inputs=inputs,
        calls=tuple(result.calls),
    )
    return originate(
        payload,
        keys=(snapshot.id, model),
        time_ms=snapshot.time_ms,
        now_ms=now_ms,
        cycle_id=snapshot.cycle_id,
        cause_id=snapshot.id,
    )


def _stored(text: str | None) -> str | None:
    return None if text is None else storable(text)[:RAW_CHARACTERS]
