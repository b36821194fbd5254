"""Asks a model about recorded snapshots again, with the recorded prompt or a changed one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Final

from common.agent.request import AskResult, DecisionRequester
from common.events import AccountUpdated, Decision, MarketSnapshot, Outcome, Prompt
from replay.domain.answer import Answered, Arm
from replay.domain.cycle import StoredCycle
from replay.domain.returns import exposure_of
from replay.runs.prompts import PromptChange, account_of, prompt_of, read_limits
from replay.storage.journal import Journal

Gate = Callable[[Decision, MarketSnapshot, AccountUpdated, str, str], str | None]
"""A decision's denial code, by snapshot, account state, and the JSON texts of limits and memory; None if approved."""
COST_CAP: Final = "COST_CAP"
MOST_FAILURES_IN_A_ROW: Final = 20


@dataclass(frozen=True, slots=True)
class Asking:
    """How one contender is asked: by whom, about what, and how often in each arm."""

    requester: DecisionRequester
    changes: Mapping[Arm, PromptChange]
    samples: int


class AskRun:
    """Asks what the journal doesn't hold yet, several requests at a time; each answer is in the journal at once.

    A request that failed is not stored: the next run of the same command asks it again.
    """

    def __init__(self, journal: Journal, gate: Gate | None, *, parallel: int) -> None:
        self._journal, self._gate = journal, gate
        self._free = asyncio.Semaphore(parallel)
        self._failures_in_a_row = 0
        self.stopped: str | None = None

    async def ask(
        self, cycles: AsyncIterator[StoredCycle], asking: Mapping[str, Asking], done: Callable[[int], None]
    ) -> None:
        """Asks about these cycles; `asking` is by contender, `done` is called with the number of finished answers.

        `stopped` says why it has not asked about all of them, if so.
        """
        async with asyncio.TaskGroup() as group:
            async for cycle in cycles:
                if cycle.decision.data.inputs is None or cycle.decision.data.prompt is None:
                    continue
                self._store(recorded_answer(cycle, self._gate))
                for arm, sample in _wanted(asking[cycle.decision.data.model]):
                    await self._free.acquire()
                    task = group.create_task(self._ask(cycle, asking[cycle.decision.data.model], arm, sample))
                    task.add_done_callback(lambda _: done(1))

    async def _ask(self, cycle: StoredCycle, asking: Asking, arm: Arm, sample: int) -> None:
        try:
            recorded = cycle.decision.data
            key = (cycle.decision.cycle_id or cycle.decision.id, recorded.model, arm, sample)
            if key in self._journal.answers or self.stopped is not None:
                return
            assert recorded.inputs is not None and recorded.prompt is not None  # noqa: S101, PT018 - see `ask`
            prompt = prompt_of(cycle.snapshot.data, recorded.inputs, recorded.prompt.strategy, asking.changes[arm])
            result = await asking.requester.ask(prompt)
            if result.code == COST_CAP:
                self.stopped = "the run's spending limit is reached"
            elif result.outcome is Outcome.FAILED:
                self._note_failure(result)
            else:
                self._failures_in_a_row = 0
                self._store(new_answer(cycle, result, prompt, arm, sample, self._gate))
        finally:
            self._free.release()

    def _store(self, answered: Answered) -> None:
        if answered.key not in self._journal.answers:
            self._journal.add(answered)

    def _note_failure(self, result: AskResult) -> None:
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= MOST_FAILURES_IN_A_ROW:
            self.stopped = (
                f"{self._failures_in_a_row} requests in a row failed; the last: {result.code}: {result.reason}"
            )


def _wanted(asking: Asking) -> Iterator[tuple[Arm, int]]:
    for sample in range(asking.samples):
        for arm in asking.changes:
            yield arm, sample


def recorded_answer(cycle: StoredCycle, gate: Gate | None) -> Answered:
    """The recorded decision as an answer; judged again like a new one, so that both verdicts are of one kind."""
    recorded = cycle.decision.data
    assert recorded.prompt is not None  # noqa: S101 - the caller has looked
    denial_code = cycle.denial_code if gate is None else _judge(cycle, recorded.decision, gate)
    return _answer(
        cycle, Arm.RECORDED, 0, recorded.outcome, recorded.decision, recorded.failure_code, denial_code, recorded.prompt
    )


def new_answer(
    cycle: StoredCycle, result: AskResult, prompt: Prompt, arm: Arm, sample: int, gate: Gate | None
) -> Answered:
    """What a request brought, judged by the gate."""
    decision = result.parsed.decision if result.parsed else None
    denial_code = None if gate is None else _judge(cycle, decision, gate)
    return _answer(cycle, arm, sample, result.outcome, decision, result.code, denial_code, prompt, result.cost_usd)


def _answer(
    cycle: StoredCycle,
    arm: Arm,
    sample: int,
    outcome: Outcome,
    decision: Decision | None,
    failure_code: str | None,
    denial_code: str | None,
    prompt: Prompt,
    cost_usd: Decimal = Decimal(0),
) -> Answered:
    recorded = cycle.decision.data
    assert recorded.inputs is not None and recorded.prompt is not None  # noqa: S101, PT018 - the caller has looked
    return Answered(
        cycle_id=cycle.decision.cycle_id or cycle.decision.id,
        model=recorded.model,
        boundary_ms=recorded.boundary_ms,
        arm=arm,
        sample=sample,
        outcome=outcome,
        decision=decision,
        failure_code=failure_code,
        denial_code=denial_code,
        exposure=exposure_of(decision, account_of(recorded.inputs), read_limits(recorded.inputs.limits)),
        prompt_hash=prompt.prompt_hash,
        prompt_lines=_differing_lines(recorded.prompt, prompt),
        cost_usd=cost_usd,
    )


def _judge(cycle: StoredCycle, decision: Decision | None, gate: Gate) -> str | None:
    inputs = cycle.decision.data.inputs
    if decision is None or inputs is None:
        return None
    return gate(decision, cycle.snapshot.data, account_of(inputs), inputs.limits, inputs.memory)


def _differing_lines(recorded: Prompt, other: Prompt) -> int:
    if recorded.prompt_hash == other.prompt_hash:
        return 0
    texts = ((recorded.system, other.system), (recorded.user, other.user))
    return sum(a != b for left, right in texts for a, b in zip_longest(left.splitlines(), right.splitlines()))
