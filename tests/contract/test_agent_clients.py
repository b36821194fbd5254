"""Both model clients over real sockets: against the stand-ins, and against servers that misbehave."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
import uvicorn
from manual_clock import ManualClock
from structlog import get_logger

from agent_deepseek.config import PROFILE as DEEPSEEK
from agent_qwen.client import QwenClient
from agent_qwen.config import PROFILE as QWEN
from common.agent.parse import parse_answer
from common.agent.providers.budget import MICRO_USD, Reservation
from common.agent.providers.openai_client import OpenAIClient
from common.agent.providers.port import Answer, CallFailed, Message, ModelClient
from common.agent.providers.pricing import FREE, Price, tokens_at
from common.agent.providers.profile import Endpoint, Profile, endpoint_of
from common.agent.providers.spending import Spending
from common.agent.request import DecisionRequester
from common.events import Outcome, Prompt
from common.runtime.clock import Clock, SystemClock
from common.runtime.roster import read_roster
from simulator.server.models.app import create_models_app

MESSAGES: list[Message] = [
    {"role": "system", "content": "Answer with one JSON object."},
    {"role": "user", "content": "# NOW\ncycle: 1"},
]
PROMPT = Prompt(system="s", user="u", strategy="x", strategy_hash="h", prompt_hash="p")
VALID = json.dumps(
    {
        "action": "HOLD",
        "symbol": None,
        "leverage": 0,
        "position_size_percent": 0,
        "confidence": 50,
        "reasoning": "waits",
    }
)
ANSWER = json.dumps(
    {
        "model": "m",
        "choices": [{"message": {"content": VALID}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "prompt_cache_hit_tokens": 4},
    }
).encode()
ROSTER = read_roster(None)
PATIENT_S = 60.0
"""A deadline for tests that don't want it to pass."""


@pytest.fixture
async def stand_ins() -> AsyncIterator[str]:
    """The simulator's model endpoints on a free port."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_models_app(), log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve([bound]))
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    server.should_exit = True
    await task


def endpoint(profile: Profile, url: str, model: str, **row: Any) -> Endpoint:
    """Where the default contender of a provider is asked for `model`; `row` changes its row of the roster."""
    contender = ROSTER.contender(str(profile.contender)).model_copy(update=row)
    return endpoint_of(
        contender,
        profile,
        api_key="k",
        base_url=f"{url}{profile.stand_in_path}",
        provider_model=model,
        simulator_url="http://127.0.0.1:9",
        max_answer_tokens=500,
        max_thinking_tokens=1_000,
    )


def deepseek(url: str, model: str = "deepseek-flash", **row: Any) -> OpenAIClient:
    return OpenAIClient(endpoint(DEEPSEEK, url, model, **row))


def qwen(url: str, model: str = "qwen-plus", **row: Any) -> QwenClient:
    return QwenClient(endpoint(QWEN, url, model, **row))


CLIENTS: list[Callable[..., ModelClient]] = [deepseek, qwen]


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


@asynccontextmanager
async def raw_server(reply: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """Reads one request and hands the connection to `reply`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        await reader.readexactly(length)
        try:
            await reply(writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def write_whole(writer: asyncio.StreamWriter, content: bytes) -> None:
    """A response with that content."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(content) + content)
    await writer.drain()


async def drip_blanks(writer: asyncio.StreamWriter) -> None:
    """Keep-alive blank lines for ever: no read ever times out."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(2_000):
        writer.write(b"1\r\n\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


class NoBudget:
    """A budget that never ends; the real one has tests of its own."""

    async def reserve(self, usd: Decimal, now_ms: int) -> Reservation:
        return Reservation(0, int(usd * MICRO_USD))

    async def settle(self, reservation: Reservation, usd: Decimal) -> None:
        return None


def requester(
    client: ModelClient, deadline_s: float, price: Price = FREE, clock: Clock | None = None
) -> DecisionRequester:
    clock = clock or SystemClock()
    return DecisionRequester(
        client,
        Spending(NoBudget(), price, clock, max_output_tokens=500),  # type: ignore[arg-type]
        clock,
        log=get_logger(),
        coins=ROSTER.coins,
        deadline_s=deadline_s,
    )


async def test_one_deadline_bounds_a_server_that_drips_blanks() -> None:
    async with raw_server(drip_blanks) as url:
        client = deepseek(url)
        result = await requester(client, 0.5).ask(PROMPT)
        await client.close()
    assert (result.outcome, result.code) == (Outcome.FAILED, "DEADLINE")


async def test_leading_blanks_and_then_an_answer_are_an_answer() -> None:
    async def reply(writer: asyncio.StreamWriter) -> None:
        await write_whole(writer, b"\n\n\n" + ANSWER)

    async with raw_server(reply) as url:
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
        await write_whole(writer, contents.pop(0))

    async with raw_server(reply) as url:
        client = deepseek(url)
        result = await requester(client, PATIENT_S).ask(PROMPT)
        await client.close()
    assert (result.outcome, result.attempts) == (Outcome.ANSWERED, 3)


async def test_the_deadline_does_not_hide_what_went_wrong_before_it() -> None:
    async def reply(writer: asyncio.StreamWriter) -> None:
        await write_whole(writer, UNREADABLE[0])

    async with raw_server(reply) as url:
        client = deepseek(url)
        result = await requester(client, 0.5).ask(PROMPT)
        await client.close()
    assert (result.outcome, result.code, result.parsed) == (Outcome.FAILED, "UNREADABLE", None)
    assert str(result.reason).startswith("until the deadline of 0.5 s: not an answer")


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
    client = Scripted("LONG BTC please", VALID)
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
    result = await requester(Scripted("LONG BTC please", VALID), PATIENT_S).ask(PROMPT)
    first, second = result.calls
    assert (first.text, first.added_messages) == ("LONG BTC please", ())
    assert [message.role for message in second.added_messages] == ["assistant", "user"]
    assert second.text == VALID


async def test_a_call_that_the_deadline_ends_is_kept_too() -> None:
    async with raw_server(drip_blanks) as url:
        client = deepseek(url)
        result = await requester(client, 0.3).ask(PROMPT)
        await client.close()
    assert [call.failure_code for call in result.calls] == ["INTERRUPTED"]
