"""What one client can cost: answers are cached by their meaning, cards and exports bounded, connections counted."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from gateway_server import GatewayServer, gateway_server
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.card import routes as card_routes
from gateway.http import server as http_server
from gateway.http.response_cache import Lifetime
from gateway.rest.export.routes import MAX_EXPORTS_PER_ADDRESS
from gateway.rest.routes import LIFETIMES
from gateway.storage.queries import Queries

OTHER_ADDRESS = "127.0.0.2"
HALF = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-"


@pytest.fixture
async def gateway(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GatewayServer]:
    """Its answers stay fresh for the test, however slow the machine is."""
    for path in LIFETIMES:
        monkeypatch.setitem(LIFETIMES, path, Lifetime(600, 600))
    async with gateway_server(database_url, redis_url) as running:
        yield running


def count_calls(monkeypatch: pytest.MonkeyPatch, of: Any, name: str) -> list[Any]:
    """The arguments of each call from now on."""
    calls: list[Any] = []
    original = getattr(of, name)

    def counted(*arguments: Any, **named: Any) -> Any:
        calls.append(arguments)
        return original(*arguments, **named)

    monkeypatch.setattr(of, name, counted)
    return calls


async def test_requests_that_mean_the_same_are_read_once(
    gateway: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = count_calls(monkeypatch, Queries, "benchmark_series")
    same = ({}, {"range": "72h"}, {"points": "500"}, {"points": "0599"}, {"x": "1"}, {"x": "2", "points": "501"})
    for parameters in same:
        await gateway.get("equity", **parameters)
    await asyncio.gather(*(gateway.get("equity", cache_buster=str(number)) for number in range(30)))
    assert len(reads) == 1
    await gateway.get("equity", range="all")
    assert len(reads) == 2


async def test_every_number_of_points_makes_few_reads(gateway: GatewayServer, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = count_calls(monkeypatch, Queries, "benchmark_series")
    await asyncio.gather(*(gateway.get("equity", points=points) for points in range(1, 2_001, 25)))
    points_read = [points for _, _, _, points, _ in reads]
    assert len(set(points_read)) == len(reads) <= 11
    assert max(points_read) <= 1_976


async def test_40_parallel_cards_are_drawn_once(gateway: GatewayServer, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, read = count_calls(monkeypatch, card_routes, "png"), count_calls(monkeypatch, Queries, "equity")
    path = "/api/v1/models/qwen/card.png"
    answers = await asyncio.gather(*(gateway.client.get(path, params={"v": number}) for number in range(40)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["content-type"] for answer in answers} == {"image/png"}
    assert (len(drawn), len(read)) == (1, 1)
    etag = answers[0].headers["etag"]
    assert (await gateway.client.get(path, headers={"If-None-Match": etag})).status_code == 304
    assert (await gateway.client.get("/api/v1/models/qwen/card.svg")).headers["content-type"] == "image/svg+xml"


async def test_few_exports_run_at_once_and_give_their_share_back(gateway: GatewayServer) -> None:
    async with contextlib.AsyncExitStack() as stack:
        path = f"{gateway.url}/api/v1/export/trades.csv"
        waits = asyncio.Event()
        first_page = asyncio.Event()
        original = Queries.page_of

        async def slow(self: Queries, *arguments: Any) -> Any:
            first_page.set()
            await waits.wait()
            return await original(self, *arguments)

        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(Queries, "page_of", slow)
        running = [asyncio.create_task(gateway.client.get(path)) for _ in range(MAX_EXPORTS_PER_ADDRESS)]
        await first_page.wait()
        refused = await gateway.client.get(path)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "BUSY")
        assert (await gateway.client.get("/api/v1/accounts")).status_code == 200
        running[0].cancel()
        waits.set()
        assert [(await each).status_code for each in running[1:]] == [200] * (MAX_EXPORTS_PER_ADDRESS - 1)
    for _ in range(MAX_EXPORTS_PER_ADDRESS + 2):
        assert (await gateway.client.get(path)).status_code == 200


async def test_900_half_requests_of_one_address_leave_room_for_another(
    gateway: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine the first ones would end before the last ones have come.
    monkeypatch.setattr(http_server, "REQUEST_LIMIT_S", 120.0)
    address = urlsplit(gateway.url)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(900):
            with contextlib.suppress(ConnectionResetError):
                _, writer = await asyncio.open_connection(address.hostname, address.port)
                stack.callback(writer.close)
                writer.write(HALF)
        transport = httpx.AsyncHTTPTransport(local_address=OTHER_ADDRESS)
        other = await stack.enter_async_context(httpx.AsyncClient(transport=transport, timeout=5))
        assert (await other.get(f"{gateway.url}/healthz")).status_code == 200
        with pytest.raises(httpx.TransportError):
            await gateway.client.get("/healthz")
    connected = asyncio.timeout(30)
    async with connected:
        while True:
            with contextlib.suppress(httpx.TransportError):
                assert (await gateway.client.get("/healthz")).status_code == 200
                break


async def test_120_sockets_with_forged_addresses_have_one_share(gateway: GatewayServer) -> None:
    address = gateway.url.replace("http", "ws") + "/ws"

    async def open_socket(number: int) -> Any:
        forged = {"X-Forwarded-For": f"10.0.{number}.1", "X-Real-IP": f"10.0.{number}.1"}
        try:
            return await connect(address, additional_headers=forged, proxy=None)
        except InvalidStatus:
            return None

    sockets = [socket for number in range(120) if (socket := await open_socket(number)) is not None]
    assert len(sockets) == 20
    for socket in sockets:
        await socket.close()


async def test_a_client_that_reads_nothing_loses_its_answer(
    gateway: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "WRITE_LIMIT_S", 0.3)
    huge = "x" * 64_000_000

    async def page_of(self: Queries, *arguments: Any) -> Any:
        return [dict.fromkeys(("id", "reasoning"), huge)]

    cut, lost = asyncio.Event(), http_server.BoundedHttp.connection_lost

    def connection_lost(self: http_server.BoundedHttp, error: Exception | None) -> None:
        cut.set()
        lost(self, error)

    monkeypatch.setattr(http_server.BoundedHttp, "connection_lost", connection_lost)
    monkeypatch.setattr(Queries, "page_of", page_of)
    monkeypatch.setattr("gateway.rest.export.csv_file.csv_text", lambda export, rows, header: rows[0]["id"])
    address = urlsplit(gateway.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET /api/v1/export/trades.csv HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await asyncio.wait_for(cut.wait(), 60)
    received = 0
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(30):
            while part := await reader.read(1 << 20):
                received += len(part)
    assert received < len(huge)
    writer.close()
