"""Answers over HTTP from real servers that drip, never end or fail, with proxies in the environment."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from common.runtime.outside.http import fetch, open_http_client

OK = b"HTTP/1.1 200 OK\r\n"


@asynccontextmanager
async def server(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    listening.close()


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b"Content-Length: 100000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def pour(writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b"\r\n")
    while not writer.is_closing():
        writer.write(b"x" * 10_000)
        await writer.drain()


async def ok(writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b"Content-Length: 2\r\n\r\n{}")


async def missing(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


async def test_a_dripping_answer_ends_at_the_deadline() -> None:
    async with server(drip) as url, open_http_client(url) as client, asyncio.timeout(30):
        with pytest.raises(httpx.ReadTimeout, match="no whole answer"):
            await fetch(client, url, limit_s=0.5)


async def test_an_answer_without_end_is_cut_off() -> None:
    async with server(pour) as url, open_http_client(url) as client, asyncio.timeout(30):
        with pytest.raises(httpx.ReadError, match="more than 100000 bytes"):
            await fetch(client, url, limit_s=20, max_bytes=100_000)


async def test_a_failure_is_an_error_of_http() -> None:
    async with server(missing) as url, open_http_client(url) as client:
        with pytest.raises(httpx.HTTPStatusError):
            await fetch(client, url, limit_s=20)


async def test_a_server_of_this_machine_is_asked_past_any_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    async with server(ok) as url, open_http_client(url) as client:
        assert await fetch(client, url, limit_s=20) == b"{}"
