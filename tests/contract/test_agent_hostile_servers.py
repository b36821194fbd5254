"""Model servers that send what no client expects, over real sockets: one answer or one failure with its true cause."""

import asyncio
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from common.agent.providers.answer_body import MAX_BODY_BYTES, MAX_TOKENS
from common.agent.providers.port import Answer, CallFailed
from common.events import TokenUsage
from support.model_servers import (
    ANSWERS,
    CLIENTS,
    HOLD,
    MESSAGES,
    OK,
    Reply,
    deepseek,
    raw_server,
    whole,
)

MAX_WAIT_S = 60.0
"""Bounds a test that fails by waiting; no test waits for it to pass."""

pytestmark = pytest.mark.parametrize("make", CLIENTS)


async def ask(make: Callable[..., Any], reply: Reply) -> Answer:
    """One call to a server that answers so."""
    async with raw_server(reply) as url, asyncio.timeout(MAX_WAIT_S):
        client = make(url)
        try:
            answer: Answer = await client.complete(MESSAGES)
            return answer
        finally:
            await client.close()


async def failure(make: Callable[..., Any], reply: Reply) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        await ask(make, reply)
    return caught.value


UNREADABLE = {
    "empty": b"",
    "blank": b"\n \n",
    "cut": b'{"choices":[{"message":{"content":"{\\"act',
    "html": b"<html>busy</html>",
    "a list": b"[1, 2]",
    "a string": b'"HOLD"',
    "a number": b"1e999",
    "null": b"null",
    "no choice": b'{"choices": [], "output": {"choices": []}}',
    "choices of another type": b'{"choices": "x", "output": {"choices": 7}}',
    "output of another type": b'{"choices": [7], "output": "text"}',
    "a message of another type": b'{"choices": [{"message": 1}], "output": {"choices": [{"message": [1]}]}}',
    "nested without end": b"[" * 60_000,
    "objects nested without end": b'{"output":' * 60_000,
    "too many values": b"[" + b"1," * 200_000 + b"1]",
    "an endless number": b'{"choices": ' + b"9" * 10_000 + b"}",
    "in GBK": '{"choices": "比特币"}'.encode("gbk"),
    "in UTF-16": '{"choices": []}'.encode("utf-16"),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_body_that_is_no_answer_is_unreadable(make: Callable[..., Any], body: bytes) -> None:
    failed = await failure(make, whole(body))
    assert (failed.code, failed.retryable, failed.nothing_billed) == ("UNREADABLE", True, False)
    assert failed.body is not None


async def test_an_error_with_status_200_is_quoted(make: Callable[..., Any]) -> None:
    body = {"error": {"message": "quota of the day"}, "code": "Throttling", "message": "quota of the day"}
    failed = await failure(make, whole(json.dumps(body).encode()))
    assert "status 200" in failed.reason
    assert "quota of the day" in failed.reason


@pytest.mark.parametrize(
    "head", [b"", b"Content-Type: text/html\r\n", b"Content-Type: application/json; charset=gbk\r\n"]
)
async def test_the_content_type_does_not_matter(make: Callable[..., Any], head: bytes) -> None:
    body = json.dumps(ANSWERS[make]("等待"), ensure_ascii=False).encode()
    assert (await ask(make, whole(body, head=b"HTTP/1.1 200 OK\r\n" + head))).text == "等待"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"text": HOLD[:9]}, {"text": HOLD[9:]}], HOLD),
        ([{"type": "text", "text": HOLD}, {"image": "x"}, 7, None], HOLD),
        ([HOLD], HOLD),
        ({"text": HOLD}, HOLD),
        ({"image": "x"}, ""),
        ([], ""),
        (None, ""),
        ("\ud800\x00", "?�"),
        ("x" * 300_000, "x" * 40_000),
    ],
)
async def test_content_is_joined_from_its_parts(make: Callable[..., Any], content: object, text: str) -> None:
    assert (await ask(make, whole(json.dumps(ANSWERS[make](content)).encode()))).text == text


KNOWN = TokenUsage(prompt_tokens=9, completion_tokens=3, cached_tokens=4)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, KNOWN),
        ({"completion_tokens": -3, "output_tokens": -3}, None),
        ({"prompt_tokens": MAX_TOKENS + 1, "input_tokens": MAX_TOKENS + 1}, None),
        ({"completion_tokens": 1e400, "output_tokens": 1e400}, None),
        ({"completion_tokens": "3", "output_tokens": True}, None),
        ({"completion_tokens": None, "output_tokens": {}}, None),
        ({"completion_tokens": 3.0, "output_tokens": 3.0}, KNOWN),
        (
            {"prompt_cache_hit_tokens": 10**9, "prompt_tokens_details": {"cached_tokens": 50}},
            KNOWN.model_copy(update={"cached_tokens": 9}),
        ),
        (
            {"prompt_cache_hit_tokens": [], "prompt_tokens_details": "x"},
            KNOWN.model_copy(update={"cached_tokens": 0}),
        ),
    ],
)
async def test_usage_is_true_or_missing(
    make: Callable[..., Any], changes: dict[str, Any], expected: TokenUsage | None
) -> None:
    body = ANSWERS[make]()
    body["usage"] |= changes
    content = json.dumps(body).replace("Infinity", "1e400").encode()
    if "prompt_cache_hit_tokens" in changes and changes["prompt_cache_hit_tokens"] == 10**9:
        expected = KNOWN.model_copy(update={"cached_tokens": 0}) if make is deepseek else expected
    assert (await ask(make, whole(content))).usage == expected


@pytest.mark.parametrize("usage", ["x", [1], 7, False])
async def test_usage_of_another_type_is_missing(make: Callable[..., Any], usage: object) -> None:
    answer = await ask(make, whole(json.dumps(ANSWERS[make](usage=usage)).encode()))
    assert (answer.text, answer.usage) == (HOLD, None)


async def test_a_body_without_end_is_cut_off(make: Callable[..., Any]) -> None:
    sent = 0

    async def pour(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(OK + b"\r\n")
        while not writer.is_closing():
            writer.write(b" " * 50_000)
            sent += 50_000
            await writer.drain()
            await asyncio.sleep(0)

    failed = await failure(make, pour)
    assert (failed.code, failed.retryable) == ("TOO_BIG", False)
    # The rest of what was sent lies in the buffers of both sockets.
    assert sent < 12 * MAX_BODY_BYTES


async def test_a_compressed_body_is_refused_unread(make: Callable[..., Any]) -> None:
    heads: list[bytes] = []
    bomb = gzip.compress(b" " * 5_000_000)
    async with raw_server(whole(bomb, head=OK + b"Content-Encoding: gzip\r\n"), heads=heads) as url:
        client = make(url)
        with pytest.raises(CallFailed, match="compressed") as caught:
            await client.complete(MESSAGES)
        await client.close()
    assert not caught.value.retryable
    assert b"accept-encoding: identity" in heads[0].lower()
    assert b"deflate" not in heads[0].lower()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_reported_and_not_followed(make: Callable[..., Any], status: int) -> None:
    elsewhere: list[bytes] = []
    body = json.dumps(ANSWERS[make]()).encode()
    async with raw_server(whole(body), heads=elsewhere) as other:
        head = b"HTTP/1.1 %d Moved\r\nLocation: %s/x\r\n" % (status, other.encode())
        failed = await failure(make, whole(body, head=head))
    assert (failed.code, failed.retryable, failed.nothing_billed) == ("REDIRECT", False, True)
    assert f"HTTP {status} to http://127.0.0.1" in failed.reason
    assert elsewhere == []


async def test_a_connection_that_ends_is_not_sent_to_again(make: Callable[..., Any]) -> None:
    heads: list[bytes] = []

    async def hang_up(writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with raw_server(hang_up, heads=heads) as url:
        client = make(url)
        with pytest.raises(CallFailed) as caught:
            await client.complete(MESSAGES)
        await client.close()
    failed = caught.value
    assert (failed.code, failed.retryable, failed.nothing_billed) == ("UNREACHABLE", True, False)
    assert len(heads) == 1


async def test_no_connection_bills_nothing(make: Callable[..., Any]) -> None:
    client = make("http://127.0.0.1:9")
    with pytest.raises(CallFailed, match="BASE_URL") as caught:
        await client.complete(MESSAGES)
    await client.close()
    assert (caught.value.code, caught.value.nothing_billed) == ("UNREACHABLE", True)


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
async def test_a_status_with_any_body_is_a_failure(make: Callable[..., Any], status: int) -> None:
    kinds = (b"application/json", b"text/event-stream", b"multipart/mixed; boundary=b", b"text/html")
    bodies = (b"", b"7", b"[]", b'{"code": 7, "message": []}', b"\xff" * 2_000, b"data: {}\n\n")
    replies = [
        whole(body, head=b"HTTP/1.1 %d X\r\nContent-Type: %s\r\n" % (status, kind)) for kind in kinds for body in bodies
    ]
    left = replies.copy()

    async def reply(writer: asyncio.StreamWriter) -> None:
        await left.pop()(writer)

    async with raw_server(reply) as url, asyncio.timeout(MAX_WAIT_S):
        client = make(url)
        for _ in replies:
            with pytest.raises(CallFailed, match=str(status)) as caught:
                await client.complete(MESSAGES)
            assert caught.value.nothing_billed is (status < 500)
            assert caught.value.retryable is (status >= 429)
        await client.close()
    assert left == []
