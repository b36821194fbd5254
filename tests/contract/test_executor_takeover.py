"""A frozen executor and its standby, both real processes of one INSTANCE: one of them acts, never both."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from executor_harness import ETH, ExecutorHarness, Fault

from common.events import IntentKind
from common.trading.instruments import Symbol
from common.trading.orders import Side
from support.executor_process import ExecutorProcess, address_of, environment
from support.service_rights import own_database_url, own_redis_url

TAKEOVER_LIMIT_S = 20.0
"""Ten seconds are meant, of which a busy machine may take as many again."""
LOOK_EVERY_S = 0.1


class Monitor:
    """Watches the exchange: how long a position has been without a stop at most."""

    def __init__(self, harness: ExecutorHarness) -> None:
        self._harness = harness
        self.longest_gap_s = 0.0

    async def run(self) -> None:
        since: float | None = None
        while True:
            state: Any = self._harness.simulator.info(type="clearinghouseState", user=address_of("deepseek"))
            held = {row["position"]["coin"] for row in state["assetPositions"]}
            covered = {row["coin"] for row in self._harness.open_orders() if row["orderType"].startswith("Stop")}
            now = time.monotonic()
            since = None if held <= covered else now if since is None else since
            self.longest_gap_s = max(self.longest_gap_s, 0.0 if since is None else now - since)
            await asyncio.sleep(LOOK_EVERY_S)


@pytest.fixture
def changed() -> dict[str, str]:
    return {"INSTANCE": "1"}


@pytest.fixture
async def standby(harness: ExecutorHarness, tmp_path: Path) -> AsyncIterator[ExecutorProcess]:
    """A second executor of the same instance name, which reaches the exchange past the harness's proxy."""
    folder = tmp_path / "standby"
    folder.mkdir()
    variables = environment(
        folder,
        api_url=harness.simulator.url,
        redis_url=own_redis_url("executor", harness.redis_url),
        database_url=own_database_url("executor", harness.database_url),
    )
    process = ExecutorProcess(folder, variables | {"INSTANCE": "1"})
    process.start()
    try:
        await harness.until("the second process to stand by", lambda: logged(process, "standing by"))
        yield process
    finally:
        process.kill()


async def logged(process: ExecutorProcess, text: str) -> bool:
    return process.log.exists() and text in process.log.read_text()


async def fence(harness: ExecutorHarness) -> int:
    client: Any = harness.bus.client
    return int(await client.get("bus:fence:executor"))


async def test_a_second_process_of_one_instance_stands_by(harness: ExecutorHarness, standby: ExecutorProcess) -> None:
    before = await fence(harness)
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)
    assert await harness.ended(entry) == "FILLED"
    await harness.protected()
    assert await fence(harness) == before
    assert not await logged(harness.executor, "lease lost")
    assert len(harness.entry_orders()) == 1


async def test_a_standby_protects_for_a_frozen_owner(harness: ExecutorHarness, standby: ExecutorProcess) -> None:
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)
    await harness.protected()
    monitor = Monitor(harness)
    watching = asyncio.ensure_future(monitor.run())
    try:
        harness.executor.signal(signal.SIGSTOP)
        frozen_at = time.time()
        with harness.by_hand() as exchange:
            for order in harness.open_orders():
                exchange.cancel("ETH", order["oid"])

        async def is_protected() -> bool:
            return any(row["orderType"].startswith("Stop") for row in harness.open_orders())

        await harness.until("the standby's stop", is_protected)
        assert await fence(harness) / 1e6 - frozen_at <= TAKEOVER_LIMIT_S
        others = [harness.approve(Side.LONG, "1", Symbol.SOL), harness.exit_at(harness.mark(ETH))]
        await harness.send(*others)
        assert [await harness.ended(event) for event in others] == ["FILLED", "FILLED"]

        harness.proxy.harm('"signature"', Fault.REFUSE)
        harness.executor.signal(signal.SIGCONT)
        await harness.until("the first process to stand by", lambda: logged(harness.executor, "standing by"))
        assert harness.proxy.harmed == 0
        assert len(harness.entry_orders()) == 2
        harness.proxy.reset()

        standby.kill()
        leave = harness.approve(Side.LONG, "1", Symbol.SOL, intent_kind=IntentKind.EXIT)
        await harness.send(leave)
        assert await harness.ended(leave) == "FILLED"
        await harness.flat()
        sizes = [fill["sz"] for fill in harness.fills()]
        assert len(harness.entry_orders()) == 2, sizes
        assert monitor.longest_gap_s <= TAKEOVER_LIMIT_S
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        harness.executor.signal(signal.SIGCONT)
