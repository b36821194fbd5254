"""Connections that fail, hang or flood: one answer or one failure with its true cause, within the deadline."""

import asyncio
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

from common.agent.providers.port import CallFailed
from common.events import Outcome, Prompt
from support.model_servers import (
    ANSWERS,
    CLIENTS,
    HOLD,
    MESSAGES,
    endless,
    raw_server,
    requester,
    whole,
)

PROMPT = Prompt(system="s", user="u", strategy="x", strategy_hash="h", prompt_hash="p")
MAX_WAIT_S = 60.0
"""Bounds a test that fails by waiting; no test waits for it to pass."""

pytestmark = pytest.mark.parametrize("make", CLIENTS)


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
        await asyncio.sleep(3)
        await whole(json.dumps(ANSWERS[make]()).encode())(writer)

    async with raw_server(slow) as url, asyncio.timeout(MAX_WAIT_S):
        client = make(url, connect_limit_s=2)
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
    assert longest_s < 0.2, "a fifth of the deadline"


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
