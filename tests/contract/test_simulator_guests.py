"""Guests trade on an arena's simulator with a whole budget; whatever they do, the arena's executor stays ready."""

import asyncio
import contextlib
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from harness import eventually
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from common.events.codec import decode
from simulator.server.listeners import MAX_GUEST_CONNECTIONS
from simulator.server.rate_limit import WEIGHT_A_MINUTE
from simulator.server.sockets import MAX_CONNECTIONS, MAX_MESSAGES_A_MINUTE
from support.executor_process import ExecutorProcess, environment, fresh_accounts
from support.simulator_process import ForkedSimulator

META_WEIGHT = 20
FLOODING = 40
STATES_HEARD = 3


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[ForkedSimulator]:
    simulator = ForkedSimulator(tmp_path, simulator_rate_limits="true", simulator_services_port="0").start()
    with fresh_accounts(simulator):
        yield simulator
    simulator.stop()


@pytest.fixture
async def executor(
    tmp_path: Path, simulator: ForkedSimulator, redis_url: str, database_url: str
) -> AsyncIterator[ExecutorProcess]:
    url = simulator.services_url
    variables = environment(tmp_path, api_url=url, redis_url=redis_url, database_url=database_url)
    process = ExecutorProcess(tmp_path, variables)
    process.start()
    try:
        yield process
    finally:
        process.kill()


class Readiness:
    """An executor's readiness and the times of its account's states, as often as they are looked at."""

    def __init__(self, process: ExecutorProcess, redis_url: str) -> None:
        self._process, self._redis = process, Redis.from_url(redis_url)
        self.reasons: list[dict[str, str]] = []
        self.states: set[int] = set()

    async def look(self, client: httpx.AsyncClient) -> dict[str, str]:
        started = [line for line in self._process.log.read_text().splitlines() if '"metrics_port"' in line][-1]
        answer = await client.get(f"http://127.0.0.1:{json.loads(started)['metrics_port']}/readyz")
        if body := await self._redis.get("account:deepseek"):
            self.states.add(decode("account.updated", bytes(body)).time_ms)
        reasons: dict[str, str] = answer.json()["reasons"]
        self.reasons.append(reasons)
        return reasons

    async def close(self) -> None:
        await self._redis.aclose()


@contextlib.asynccontextmanager
async def flood(url: str, answers: Counter[int]) -> AsyncIterator[None]:
    """A guest that asks, trades and connects without end: requests, sockets of the stream, and silent connections."""

    async def ask(client: httpx.AsyncClient) -> None:
        while True:
            with contextlib.suppress(httpx.TransportError):
                answers[(await client.post(f"{url}/info", json={"type": "metaAndAssetCtxs"})).status_code] += 1

    async def subscribe() -> None:
        while True:
            with contextlib.suppress(OSError, WebSocketException):
                async with connect(f"ws{url[4:]}/ws", open_timeout=60) as stream:
                    await stream.send('{"method":"subscribe","subscription":{"type":"allMids"}}')
                    async for _ in stream:
                        answers[101] += 1
            await asyncio.sleep(0)

    port = int(url.rpartition(":")[2])
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(MAX_GUEST_CONNECTIONS // 2)]
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=FLOODING), timeout=120) as client:
        tasks = [asyncio.create_task(ask(client)) for _ in range(FLOODING)]
        tasks += [asyncio.create_task(subscribe()) for _ in range(2 * MAX_CONNECTIONS)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for each in silent:
                each.close()


async def test_a_flooding_guest_leaves_the_executor_ready(
    simulator: ForkedSimulator, executor: ExecutorProcess, redis_url: str
) -> None:
    readiness, answers = Readiness(executor, redis_url), Counter[int]()
    async with httpx.AsyncClient(timeout=60) as client:

        async def is_ready() -> bool:
            with contextlib.suppress(IndexError, FileNotFoundError, httpx.TransportError):
                return await readiness.look(client) == {}
            return False

        async def has_gone_on() -> bool:
            await readiness.look(client)
            return len(readiness.states) >= STATES_HEARD and answers[429] > FLOODING

        await eventually("a ready executor", is_ready)
        async with flood(simulator.url, answers):
            readiness.reasons.clear()
            readiness.states.clear()
            await eventually("the executor's states during the flood", has_gone_on, every_s=0.5)
    await readiness.close()
    assert not any(readiness.reasons), readiness.reasons
    assert answers[200] == WEIGHT_A_MINUTE // META_WEIGHT
    assert answers[101] > 0


def test_a_guest_has_a_whole_budget_of_its_own(simulator: ForkedSimulator) -> None:
    with httpx.Client(timeout=60) as client:

        def answers(url: str, count: int) -> list[int]:
            asked = (client.post(f"{url}/info", json={"type": "meta"}) for _ in range(count))
            return [answer.status_code for answer in asked]

        whole = WEIGHT_A_MINUTE // META_WEIGHT
        assert set(answers(simulator.services_url, whole)) == {200}
        assert answers(simulator.services_url, 1) == [429]
        assert answers(simulator.url, 1) == [200]


def test_connections_beyond_the_guests_limit_are_closed(simulator: ForkedSimulator) -> None:
    with contextlib.ExitStack() as stack:
        opened = [
            stack.enter_context(socket.create_connection(("127.0.0.1", simulator.port), timeout=60))
            for _ in range(MAX_GUEST_CONNECTIONS + 1)
        ]
        assert opened[-1].recv(1) == b""
        assert httpx.post(f"{simulator.services_url}/info", json={"type": "meta"}, timeout=60).status_code == 200


async def read_to_the_end(stream: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for _ in stream:
            pass


async def test_messages_of_all_sockets_of_a_sender_count_together(simulator: ForkedSimulator) -> None:
    async with contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(connect(f"ws{simulator.url[4:]}/ws")) for _ in range(2)]
        reading = [asyncio.create_task(read_to_the_end(stream)) for stream in streams]
        for _ in range(MAX_MESSAGES_A_MINUTE // 2 + 2):
            for stream in streams:
                with contextlib.suppress(ConnectionClosed):
                    await stream.send('{"method":"ping"}')
        await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
        assert "too many messages" in {stream.close_reason for stream in streams}
        for task in reading:
            task.cancel()
