"""Whatever body a model API sends, it is read as one answer or one failure, and ends in one result of bounded size."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import pytest
from manual_clock import ManualClock

from agent_qwen.generation import read_generation
from common.agent.providers.answer_body import MAX_TOKENS, STORED_CHARACTERS
from common.agent.providers.openai_client import read_completion
from common.agent.providers.port import ERROR_TEXT_CHARACTERS, Answer, CallFailed, Message, storable
from common.events import ModelCall, Outcome, Prompt
from support.model_servers import completion, generation, requester
from support.odd_bodies import odd_bodies

BODIES = 10_000
DECISIONS = 400
SEED = 20_261_130
Read = Callable[[bytes, str], Answer]
READERS: list[tuple[Read, dict[str, Any]]] = [(read_completion, completion()), (read_generation, generation())]
PROMPT = Prompt(system="s", user="u", strategy="x", strategy_hash="h", prompt_hash="p")


def outcome_of(read: Read, body: bytes) -> Answer | CallFailed:
    try:
        return read(body, "m")
    except CallFailed as failed:
        return failed


def check_answer(answer: Answer) -> None:
    for text in (answer.text, answer.reasoning_content or "", answer.body or ""):
        assert len(text) <= STORED_CHARACTERS
        assert storable(text) == text
    if answer.usage is not None:
        counts = answer.usage.model_dump().values()
        assert all(0 <= count <= MAX_TOKENS for count in counts)
        assert answer.usage.cached_tokens <= answer.usage.prompt_tokens


@pytest.mark.parametrize(("read", "valid"), READERS, ids=["openai", "dashscope"])
def test_every_body_is_an_answer_or_a_failure(read: Read, valid: dict[str, Any]) -> None:
    found: Counter[str] = Counter()
    for body in odd_bodies(valid, BODIES, SEED):
        outcome = outcome_of(read, body)
        if isinstance(outcome, Answer):
            check_answer(outcome)
            found["answer"] += 1
        else:
            assert 0 < len(outcome.reason) <= ERROR_TEXT_CHARACTERS
            found[outcome.code] += 1
    assert found.total() == BODIES
    assert set(found) == {"answer", "UNREADABLE"}
    assert min(found.values()) > BODIES / 10


class FromBodies:
    """A client whose answers are read from generated bodies, in turn."""

    def __init__(self, read: Read, bodies: Sequence[bytes]) -> None:
        self._read, self._bodies = read, iter(bodies)

    async def complete(self, messages: Sequence[Message]) -> Answer:
        return self._read(next(self._bodies), "m")

    async def probe(self) -> None:
        return None

    async def close(self) -> None:
        return None


@pytest.mark.parametrize(("read", "valid"), READERS, ids=["openai", "dashscope"])
async def test_every_request_ends_in_one_result_that_can_be_stored(read: Read, valid: dict[str, Any]) -> None:
    clock = ManualClock(0)
    found: Counter[Outcome] = Counter()
    for number in range(DECISIONS):
        bodies = list(islice(odd_bodies(valid, 20, SEED + number), 20))
        result = await requester(FromBodies(read, bodies), 60.0, clock=clock).ask(PROMPT)
        assert len(result.calls) == result.attempts >= 1
        assert (result.parsed is not None) is (result.outcome is Outcome.ANSWERED)
        assert (result.code is None) is (result.outcome is Outcome.ANSWERED)
        for call in result.calls:
            assert ModelCall.model_validate_json(call.model_dump_json()) == call
            assert json.dumps(call.model_dump(mode="json"), ensure_ascii=False).encode()
        found[result.outcome] += 1
    assert set(found) >= {Outcome.ANSWERED, Outcome.INVALID}
