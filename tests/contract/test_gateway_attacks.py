"""The public port against what the outside tries: other names, forged addresses, half requests, guessed tokens."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import structlog
from gateway_server import GatewayServer, gateway_server
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.http import server as http_server
from gateway.http.auth import MAX_WRONG_PER_MINUTE

TOKEN = "a-control-token-of-more-than-32-bytes"
MOST = 3


@pytest.fixture
async def gateway(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GatewayServer]:
    monkeypatch.setattr(http_server, "REQUEST_LIMIT_S", 0.5)
    settings: dict[str, Any] = {"control_token": TOKEN, "max_connections_per_address": MOST}
    async with gateway_server(database_url, redis_url, allowed_hosts="arena.example", **settings) as running:
        yield running


async def exchange(gateway: GatewayServer, request: bytes) -> bytes:
    """What the server sends until it closes the connection."""
    address = urlsplit(gateway.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), timeout=60)
    writer.close()
    return answer


@pytest.mark.parametrize("path", ["/", "/api/v1/accounts", "/healthz", "/api/v1/control/halt", "/nowhere"])
async def test_a_page_that_rebinds_its_name_reads_nothing(gateway: GatewayServer, path: str) -> None:
    for method in ("GET", "POST"):
        answer = await gateway.client.request(method, path, headers={"Host": "evil.example:8080"})
        assert answer.status_code == 421
        assert answer.json()["error"]["code"] == "UNKNOWN_HOST"
        assert "ALLOWED_HOSTS" in answer.json()["error"]["message"]


async def test_the_arenas_own_name_is_served_with_its_own_sockets(gateway: GatewayServer) -> None:
    answer = await gateway.client.get("/healthz", headers={"Host": "arena.example"})
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "connect-src 'self' ws://arena.example wss://arena.example;" in policy


async def test_two_hosts_are_refused(gateway: GatewayServer) -> None:
    answer = await exchange(gateway, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 4")


async def test_a_socket_under_another_name_is_refused(gateway: GatewayServer) -> None:
    address = gateway.url.replace("http", "ws") + "/ws"
    with pytest.raises(InvalidStatus):
        async with connect(address, additional_headers={"Host": "evil.example"}, proxy=None):
            pass


async def test_a_forged_address_does_not_evade_the_cap(gateway: GatewayServer) -> None:
    address = gateway.url.replace("http", "ws") + "/ws"
    accepted = []
    for number in range(MOST + 2):
        forged = {"X-Forwarded-For": f"10.0.0.{number}", "X-Real-IP": f"10.0.0.{number}"}
        try:
            accepted.append(await connect(address, additional_headers=forged, proxy=None))
        except InvalidStatus:
            continue
    assert len(accepted) == MOST
    for socket in accepted:
        await socket.close()


async def test_behind_a_known_proxy_each_client_has_a_cap_of_its_own(database_url: str, redis_url: str) -> None:
    settings: dict[str, Any] = {"proxy_addresses": "127.0.0.0/8", "max_connections_per_address": 1}
    async with gateway_server(database_url, redis_url, **settings) as gateway:
        address = gateway.url.replace("http", "ws") + "/ws"

        def client(number: int) -> Any:
            return connect(address, additional_headers={"X-Forwarded-For": f"10.0.0.{number}"}, proxy=None)

        async with client(1), client(2):
            with pytest.raises(InvalidStatus):
                async with client(1):
                    pass


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n",
        b"POST /api/v1/control/halt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nAuthorization: Bearer "
        + TOKEN.encode()
        + b"\r\n\r\n{",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\n",
    ],
    ids=["nothing", "half a header", "half a body", "half a second request"],
)
async def test_half_a_request_ends_its_connection_and_does_nothing(gateway: GatewayServer, half: bytes) -> None:
    with contextlib.suppress(ConnectionResetError):
        await exchange(gateway, half)
    assert gateway.published == []


async def test_an_open_socket_and_a_slow_answer_have_no_limit(gateway: GatewayServer) -> None:
    address = gateway.url.replace("http", "ws") + "/ws"
    async with connect(address, proxy=None) as socket:
        assert json.loads(await socket.recv())["channel"] == "hello"
        await asyncio.sleep(2 * http_server.REQUEST_LIMIT_S)
        await socket.send('{"op": "ping"}')
        assert json.loads(await socket.recv()) == {"channel": "pong"}


async def test_guessed_tokens_are_logged_and_limited_but_never_the_owner(gateway: GatewayServer) -> None:
    async def halt(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return (await gateway.client.post("/api/v1/control/halt", headers=headers)).status_code

    with structlog.testing.capture_logs() as lines:
        wrong = [await halt("guess") for _ in range(MAX_WRONG_PER_MINUTE + 5)]
        assert await halt(TOKEN) == 202
    assert wrong == [401] * MAX_WRONG_PER_MINUTE + [429] * 5
    assert len([line for line in lines if line["event"] == "a wrong token was sent"]) == MAX_WRONG_PER_MINUTE
    assert "guess" not in str(lines)
    assert [event.data.requested_by for event in gateway.published] == ["gateway, from 127.0.0.1"]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /api/v1/control/halt HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer "
        + TOKEN.encode()
        + b"\r\n\r\nzz\r\nbroken",
    ],
    ids=["tls", "version", "nul", "broken chunk"],
)
async def test_what_is_no_request_is_refused_without_a_line_in_the_log(
    gateway: GatewayServer, request_bytes: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), structlog.testing.capture_logs() as lines:
        try:
            answer = await exchange(gateway, request_bytes)
        except ConnectionResetError:
            answer = b""
    assert not answer or answer.startswith(b"HTTP/1.1 4")
    assert gateway.published == []
    assert [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")] == []
    assert lines == []


async def test_many_half_requests_keep_no_other_client_waiting(gateway: GatewayServer) -> None:
    address = urlsplit(gateway.url)
    halves = [
        await asyncio.open_connection(address.hostname, address.port, local_addr=(peer, 0))
        for peer in ("127.0.0.2", "127.0.0.3")
        for _ in range(150)
    ]
    for _, writer in halves:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-")
    assert (await gateway.client.get("/healthz")).status_code == 200
    for reader, writer in halves:
        with contextlib.suppress(ConnectionResetError):
            await asyncio.wait_for(reader.read(), timeout=60)
        writer.close()


async def test_short_tokens_and_wrong_lists_are_refused_by_name(database_url: str, redis_url: str) -> None:
    for setting, value, words in (
        ("control_token", "short", "openssl rand -hex 32"),
        ("allowed_hosts", "https://arena.example", "without scheme and port"),
        ("proxy_addresses", "proxy.example", "addresses and networks"),
    ):
        with pytest.raises(ValueError, match=words):
            async with gateway_server(database_url, redis_url, **{setting: value}):
                pass
