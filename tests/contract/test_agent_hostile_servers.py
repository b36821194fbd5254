"""Model servers that send what no client expects, over real sockets: one answer or one failure with its true cause."""

import asyncio
import gzip
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from common.agent.providers.answer_body import MAX_BODY_BYTES, MAX_TOKENS
from common.agent.providers.port import Answer, CallFailed
from common.events import Outcome, Prompt, TokenUsage
from support.model_servers import (
    ANSWERS,
    CLIENTS,
    HOLD,
    MESSAGES,
    OK,
    Reply,
    deepseek,
    endless,
    raw_server,
    requester,
    whole,
)

PROMPT = Prompt(system="s", user="u", strategy="x", strategy_hash="h", prompt_hash="p")
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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that no authority has signed, with its key in the same file."""
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", str(path), "-out", f"{path}.crt", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*command, *files], check=True, capture_output=True)
    with path.open("a", encoding="ascii") as file:
        file.write(Path(f"{path}.crt").read_text(encoding="ascii"))
    return path


async def test_tls_that_fails_is_recorded_as_such(make: Callable[..., Any], certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with raw_server(whole(b"{}"), context=context) as url:
        client = make(url)
        result = await requester(client, MAX_WAIT_S).ask(PROMPT)
        await client.close()
    assert (result.outcome, result.code, result.attempts) == (Outcome.FAILED, "TLS", 1)
    assert "certificate verify failed" in str(result.reason).lower()
    assert "BASE_URL" in str(result.reason)


async def test_a_server_without_tls_is_recorded_as_such(make: Callable[..., Any]) -> None:
    async def speak_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(speak_first, "127.0.0.1", 0) as server:
        client = make(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(CallFailed) as caught:
            await client.complete(MESSAGES)
        await client.close()
    assert (caught.value.code, caught.value.nothing_billed) == ("TLS", True)


async def test_a_connection_that_is_never_made_is_a_failure_of_its_own(make: Callable[..., Any]) -> None:
    async with raw_server(whole(b"{}")) as url, asyncio.timeout(MAX_WAIT_S):
        client = make(url.replace("http://", "https://"), connect_limit_s=0.2)
        with pytest.raises(CallFailed, match="BASE_URL") as caught:
            await client.complete(MESSAGES)
        await client.close()
    failed = caught.value
    assert (failed.code, failed.retryable, failed.nothing_billed) == ("UNREACHABLE", True, True)


async def test_a_slow_answer_is_not_a_slow_connection(make: Callable[..., Any]) -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)
        await whole(json.dumps(ANSWERS[make]()).encode())(writer)

    async with raw_server(slow) as url, asyncio.timeout(MAX_WAIT_S):
        client = make(url, connect_limit_s=0.2)
        assert (await client.complete(MESSAGES)).text == HOLD
        await client.close()


@pytest.mark.parametrize("piece", [b"\n", b"x"])
async def test_one_deadline_ends_a_drip(make: Callable[..., Any], piece: bytes) -> None:
    async with raw_server(endless(piece, pause_s=0.01)) as url, asyncio.timeout(MAX_WAIT_S):
        client = make(url)
        result = await requester(client, 0.3).ask(PROMPT)
        await client.close()
    assert (result.outcome, result.code, result.attempts) == (Outcome.FAILED, "DEADLINE", 1)


async def test_interim_responses_without_end_are_ended_too(make: Callable[..., Any]) -> None:
    async def interim(writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.005)

    async with raw_server(interim) as url, asyncio.timeout(MAX_WAIT_S):
        client = make(url)
        result = await requester(client, 0.3).ask(PROMPT)
        await client.close()
    assert (result.outcome, len(result.calls)) == (Outcome.FAILED, 1)


@contextmanager
def flooding_server() -> Iterator[str]:
    """Answers with interim responses as fast as they are taken, from a thread."""
    bound = socket.create_server(("127.0.0.1", 0))

    def flood() -> None:
        with suppress(OSError):
            connection, _ = bound.accept()
            with connection:
                connection.recv(65_536)
                while True:
                    connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\n" * 2_000)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        bound.close()
        thread.join()


async def test_a_flood_of_interim_responses_leaves_the_deadline_its_turn(make: Callable[..., Any]) -> None:
    """The longest work between two turns of the event loop, in processor time: wall time would be the machine's."""
    longest_s = 0.0

    async def take_turns() -> None:
        nonlocal longest_s
        while True:
            before_s = time.thread_time()
            await asyncio.sleep(0)
            longest_s = max(longest_s, time.thread_time() - before_s)

    with flooding_server() as url:
        client = make(url)
        turns = asyncio.create_task(take_turns())
        result = await requester(client, 1.0).ask(PROMPT)
        turns.cancel()
        await client.close()
    assert result.outcome is Outcome.FAILED
    assert longest_s < 0.03


async def test_a_client_serves_the_next_call_after_each_failure(make: Callable[..., Any]) -> None:
    replies = [endless(b"\n", pause_s=0.01), whole(b"null"), whole(json.dumps(ANSWERS[make]()).encode())]

    async def reply(writer: asyncio.StreamWriter) -> None:
        await replies.pop(0)(writer)

    async with raw_server(reply) as url, asyncio.timeout(MAX_WAIT_S):
        client = make(url)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.complete(MESSAGES)
        with pytest.raises(CallFailed):
            await client.complete(MESSAGES)
        assert (await client.complete(MESSAGES)).text == HOLD
        await client.close()
