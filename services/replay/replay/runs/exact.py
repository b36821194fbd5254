"""Replays one recorded cycle: prompt and decision must come out byte for byte as they are recorded."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog

from common.agent.decision_event import decision_event
from common.agent.request import AskResult, DecisionRequester
from common.events import AgentDecision, Event, ModelCall, Outcome
from common.events.codec import encode
from replay.domain.cycle import StoredCycle
from replay.domain.differences import Difference, differing_fields, differing_lines
from replay.runs.prompts import prompt_of
from replay.runs.recorded_model import RecordedModel

NO_LIMIT_S: Final = 3_600.0
BREAKER_OPEN: Final = "BREAKER_OPEN"
_LOG: Final = structlog.wrap_logger(None, wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
"""The requester logs failed calls; those of the record were logged when they happened."""


class Replayed(StrEnum):
    """What became of one cycle.

    *not asked*: skipped or without an account state, so that no prompt was made; *without inputs*: recorded by a
    version that did not keep them.
    """

    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_ASKED = "not asked"
    WITHOUT_INPUTS = "without inputs"


@dataclass(frozen=True, slots=True)
class ExactResult:
    """One cycle's result, and each place that differs."""

    replayed: Replayed
    differences: tuple[Difference, ...] = ()


async def replay_exactly(cycle: StoredCycle) -> ExactResult:
    """Makes prompt and decision again from the record, and compares both with it."""
    recorded = cycle.decision.data
    if recorded.prompt is None:
        return ExactResult(Replayed.NOT_ASKED)
    if recorded.inputs is None:
        return ExactResult(Replayed.WITHOUT_INPUTS)
    prompt = prompt_of(cycle.snapshot.data, recorded.inputs, recorded.prompt.strategy)
    places = [
        (f"prompt.{name} {place}", left, right)
        for name in ("system", "user")
        for place, left, right in differing_lines(getattr(recorded.prompt, name), getattr(prompt, name))
    ]
    # Answers belong to the recorded prompt: with another one they would only repeat its difference.
    model = RecordedModel(recorded)
    result = await _ask(cycle, model)
    replayed = decision_event(
        cycle.snapshot,
        recorded.model,
        result,
        prompt=prompt,
        inputs=recorded.inputs,
        parameters=recorded.parameters,
        provider_model=recorded.provider_model,
        stand_in=recorded.stand_in,
        asked_ms=recorded.asked_ms,
        now_ms=cycle.decision.recorded_ms,
    )
    places += _decision_places(cycle.decision, replayed)
    places += [("calls", "", problem) for problem in model.problems]
    if model.unused:
        places.append(("calls", f"{len(recorded.calls)} requests", f"{model.unused} of them were not made"))
    name = cycle.decision.cycle_id or cycle.decision.id
    differences = tuple(Difference(name, recorded.model, place, left, right) for place, left, right in places)
    return ExactResult(Replayed.DIFFERENT if differences else Replayed.EQUAL, differences)


async def _ask(cycle: StoredCycle, model: RecordedModel) -> AskResult:
    """What the agent's requester makes of the recorded answers."""
    recorded = cycle.decision.data
    assert recorded.prompt is not None and recorded.inputs is not None  # noqa: S101, PT018 - the caller has looked
    if recorded.failure_code == BREAKER_OPEN and not recorded.calls:
        # The breaker's state comes from earlier cycles, which may lie outside the replayed time.
        return AskResult(Outcome.FAILED, code=BREAKER_OPEN, reason=recorded.failure_reason)
    requester = DecisionRequester(model, model, model, log=_LOG, coins=recorded.inputs.coins, deadline_s=NO_LIMIT_S)
    result = await requester.ask(recorded.prompt)
    if model.met_deadline:
        result.reason = recorded.failure_reason  # It names the deadline that was set then, and nothing else does.
    result.calls = [_at_recorded_times(*each) for each in zip(result.calls, recorded.calls, strict=False)]
    return result


def _at_recorded_times(call: ModelCall, recorded: ModelCall) -> ModelCall:
    """The call, at the wall times of the recorded one: a replay has no wall time of its own."""
    return call.model_copy(update={"asked_ms": recorded.asked_ms, "answered_ms": recorded.answered_ms})


def _decision_places(recorded: Event[AgentDecision], replayed: Event[AgentDecision]) -> Iterator[tuple[str, str, str]]:
    """The fields of the event that differ, but for the prompt's two texts, which are compared line by line."""
    left, right = encode(recorded), encode(replayed)
    if left == right:
        return
    yielded = False
    for place, one, other in differing_fields(left, right):
        yielded = True
        if place not in ("data.prompt.system", "data.prompt.user"):
            yield place, one, other
    if not yielded:
        yield "bytes", f"{len(left)} bytes", f"{len(right)} bytes in another order"
