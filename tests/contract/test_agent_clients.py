"""Both model clients over real sockets: against the stand-ins, and how a decision is asked for."""

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from manual_clock import ManualClock

from common.agent.parse import parse_answer
from common.agent.providers.port import Answer, CallFailed, Message
from common.agent.providers.pricing import Price, tokens_at
from common.events import Outcome, Prompt
from simulator.server.models.app import create_models_app
from support.model_servers import (
    CLIENTS,
    HOLD,
    MESSAGES,
    ROSTER,
    completion,
    deepseek,
    endless,
    qwen,
    raw_server,
    requester,
    serving,
    whole,
)

PROMPT = Prompt(system="s", user="u", strategy="x", strategy_hash="h", prompt_hash="p")
ANSWER = json.dumps(completion()).encode()
PATIENT_S = 60.0
"""A deadline for tests that don't want it to pass."""


@pytest.fixture
async def stand_ins() -> AsyncIterator[str]:
    """The simulator's model endpoints."""
    async with serving(create_models_app()) as url:
        yield url


@pytest.mark.parametrize("make", CLIENTS)
async def test_a_stand_in_answers_a_valid_labeled_decision_with_usage(stand_ins: str, make: Any) -> None:
    client = make(stand_ins)
    answer = await client.complete(MESSAGES)
    await client.close()
    parsed = parse_answer(answer.text, ROSTER.coins)
    assert parsed.decision.reasoning.startswith("stand-in: ")
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 0
    assert not answer.cut_off


@pytest.mark.parametrize("make", CLIENTS)
@pytest.mark.parametrize(
    ("status", "is_retryable"),
    [(400, False), (401, False), (402, False), (422, False), (429, True), (500, True), (503, True)],
)
async def test_errors_say_whether_a_retry_may_help(stand_ins: str, make: Any, status: int, is_retryable: bool) -> None:
    client = make(stand_ins, model=f"error-{status}")
    with pytest.raises(CallFailed) as caught:
        await client.complete(MESSAGES)
    await client.close()
    assert caught.value.retryable is is_retryable
    assert str(status) in caught.value.reason


@pytest.mark.parametrize("make", CLIENTS)
async def test_an_unreachable_api_names_its_setting(make: Any) -> None:
    client = make("http://127.0.0.1:9")
    with pytest.raises(CallFailed, match="BASE_URL") as caught:
        await client.complete(MESSAGES)
    await client.close()
    assert caught.value.retryable


async def test_a_refused_key_names_its_setting(stand_ins: str) -> None:
    for client, setting in (
        (deepseek(stand_ins, model="error-401"), "DEEPSEEK"),
        (qwen(stand_ins, "error-401"), "QWEN"),
    ):
        with pytest.raises(CallFailed, match=f"{setting}_API_KEY"):
            await client.complete(MESSAGES)
        await client.close()


drip_blanks = endless(b"\n", pause_s=0.01)


async def test_one_deadline_bounds_a_server_that_drips_blanks() -> None:
    async with raw_server(drip_blanks) as url:
        client = deepseek(url)
        result = await requester(client, 0.5).ask(PROMPT)
        await client.close()
    assert (result.outcome, result.code) == (Outcome.FAILED, "DEADLINE")


async def test_leading_blanks_and_then_an_answer_are_an_answer() -> None:
    async with raw_server(whole(b"\n\n\n" + ANSWER)) as url:
        client = deepseek(url)
        result = await requester(client, PATIENT_S, Price(tokens_at("1", "0", "2"))).ask(PROMPT)
        await client.close()
    assert result.outcome is Outcome.ANSWERED
    assert result.cost_usd == Decimal(5 + 6) / 1_000_000


UNREADABLE = [b"", b"{}", b'{"choices":[]}', b'{"choices":[{"message"', b"<html>"]


@pytest.mark.parametrize("content", UNREADABLE)
async def test_an_answer_that_cannot_be_read_is_asked_for_again(content: bytes) -> None:
    contents = [content, content, ANSWER]

    async def reply(writer: asyncio.StreamWriter) -> None:
        await whole(contents.pop(0))(writer)

    async with raw_server(reply) as url:
        client = deepseek(url)
        result = await requester(client, PATIENT_S).ask(PROMPT)
        await client.close()
    assert (result.outcome, result.attempts) == (Outcome.ANSWERED, 3)


async def test_the_deadline_does_not_hide_what_went_wrong_before_it() -> None:
    async with raw_server(whole(UNREADABLE[0])) as url:
        client = deepseek(url)
        result = await requester(client, 3).ask(PROMPT)
        await client.close()
    assert (result.outcome, result.code, result.parsed) == (Outcome.FAILED, "UNREADABLE", None)
    assert str(result.reason).startswith("until the deadline of 3 s: not an answer")


class Scripted:
    """A model that answers from a list."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.asked: list[list[Message]] = []

    async def complete(self, messages: Any) -> Any:
        self.asked.append(list(messages))
        return Answer(self.texts.pop(0), None, "m", None, cut_off=False)

    async def probe(self) -> None:
        return None

    async def close(self) -> None:
        return None


class Failing:
    """A model whose every call ends by one error."""

    def __init__(self, error: Exception) -> None:
        self.error, self.calls = error, 0

    async def complete(self, messages: Any) -> Any:
        self.calls += 1
        raise self.error

    async def probe(self) -> None:
        return None

    async def close(self) -> None:
        return None


async def test_an_invalid_answer_is_asked_for_again_once_with_its_error() -> None:
    client = Scripted("LONG BTC please", HOLD)
    result = await requester(client, PATIENT_S).ask(PROMPT)
    assert result.outcome is Outcome.ANSWERED
    assert result.attempts == 2
    assert "no valid decision" in client.asked[1][-1]["content"]


async def test_two_invalid_answers_are_invalid_and_trade_nothing() -> None:
    result = await requester(Scripted("no", "never"), PATIENT_S).ask(PROMPT)
    assert (result.outcome, result.parsed) == (Outcome.INVALID, None)
    assert result.answer is not None
    assert result.answer.text == "never"


async def test_the_breaker_counts_calls_and_names_their_last_failure() -> None:
    client = Failing(CallFailed("HTTP_503", "busy", retryable=True))
    patient = requester(client, PATIENT_S, clock=ManualClock(0))
    results = [await patient.ask(PROMPT) for _ in range(2)]
    assert [result.code for result in results] == ["HTTP_503", "BREAKER_OPEN"]
    assert "HTTP_503: busy" in str(results[1].reason)
    assert client.calls == len(results[0].calls) == 8


async def test_an_unexpected_error_of_a_client_is_a_failed_call() -> None:
    result = await requester(Failing(RecursionError("too deep")), PATIENT_S).ask(PROMPT)
    assert (result.outcome, result.code, result.reason) == (Outcome.FAILED, "CLIENT_ERROR", "RecursionError: too deep")
    assert [call.failure_code for call in result.calls] == ["CLIENT_ERROR"]


async def test_each_request_is_kept_with_what_it_brought() -> None:
    result = await requester(Scripted("LONG BTC please", HOLD), PATIENT_S).ask(PROMPT)
    first, second = result.calls
    assert (first.text, first.added_messages) == ("LONG BTC please", ())
    assert [message.role for message in second.added_messages] == ["assistant", "user"]
    assert second.text == HOLD


async def test_a_call_that_the_deadline_ends_is_kept_too() -> None:
    async with raw_server(drip_blanks) as url:
        client = deepseek(url)
        result = await requester(client, 0.3).ask(PROMPT)
        await client.close()
    assert [call.failure_code for call in result.calls] == ["INTERRUPTED"]
