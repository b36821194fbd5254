"""The market's source from the simulator through the ingester to GET status."""

import asyncio
import csv
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from harness import eventually
from redis.asyncio import Redis

from common.runtime.clock import SystemClock
from common.runtime.database import migrate, open_pool
from common.runtime.roster import read_roster
from common.trading.durations import MINUTE_MS
from gateway.config import gateway_settings
from gateway.push.market_clock import MarketClock
from gateway.rest.status import Status
from gateway.storage.market_cache import SOURCE_KEY, MarketCache
from gateway.storage.queries import Queries
from simulator.market.listing import DEFAULT_LISTING
from simulator.testing.process import SimulatorProcess
from support.simulator_process import ForkedSimulator

DEADLINE_S = 120.0
T0_MS = 1_790_000_040_000


def recorded_candles(folder: Path) -> Path:
    """An hour of made-up candles of each coin."""
    folder.mkdir()
    for name, coin in DEFAULT_LISTING.coins.items():
        price = coin.start_price
        with (folder / f"recorded_{name}_1m.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow("tohlcv")
            rows.writerows((T0_MS + number * MINUTE_MS, price, price, price, price, 10) for number in range(60))
    return folder


def started(stack: ExitStack, simulator: SimulatorProcess) -> SimulatorProcess:
    """Runs until the stack ends."""
    simulator.start()
    stack.callback(simulator.stop)
    return simulator


def captured(stack: ExitStack, folder: Path) -> SimulatorProcess:
    path = str(recorded_candles(folder / "candles"))
    return started(stack, ForkedSimulator(folder / "plays", simulator_market="capture", simulator_market_path=path))


def relayed(stack: ExitStack, folder: Path) -> SimulatorProcess:
    url = started(stack, ForkedSimulator(folder / "upstream")).url
    return started(stack, ForkedSimulator(folder / "relays", simulator_market="live", simulator_upstream_url=url))


@asynccontextmanager
async def ingester(redis_url: str, simulator: SimulatorProcess) -> AsyncIterator[None]:
    environment = os.environ | {
        "REDIS_URL": redis_url,
        "SIMULATOR_URL": simulator.url,
        "METRICS_PORT": "0",
        "SENTIMENT_URL": "off",
    }
    command = (sys.executable, "-m", "ingester.main")
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def status_of(redis_url: str, database_url: str, **settings: Any) -> AsyncIterator[tuple[Status, Any]]:
    """What the gateway answers to GET status, and its Redis."""
    pool, redis = await open_pool(database_url), Redis.from_url(redis_url)
    await migrate(pool, "recorder")
    roster = read_roster(None)
    own = gateway_settings(roster).model_validate({"metrics_port": 0, "database_url": "postgresql://unused"} | settings)
    service: Any = SimpleNamespace(redis=redis, clock=SystemClock())
    try:
        market, market_clock = MarketCache(redis, roster.coins), MarketClock(service.clock)
        yield Status(service, own, roster, Queries(pool), market, market_clock), redis
    finally:
        await redis.aclose()
        await pool.close()


@pytest.mark.parametrize(("start", "market"), [(captured, "CAPTURE"), (relayed, "LIVE")], ids=["capture", "live"])
async def test_the_status_names_the_market_in_use(
    tmp_path: Path,
    redis_url: str,
    database_url: str,
    start: Callable[[ExitStack, Path], SimulatorProcess],
    market: str,
) -> None:
    with ExitStack() as stack:
        simulator = await asyncio.to_thread(start, stack, tmp_path)
        async with status_of(redis_url, database_url) as (status, _):
            assert (await status.read())["market"] == "UNKNOWN"
            async with ingester(redis_url, simulator):
                answer = await known(status)
        assert (answer["mode"], answer["market"]) == ("PAPER", market)


async def known(status: Status) -> dict[str, Any]:
    """The first answer that names a market."""

    async def look() -> dict[str, Any] | None:
        answer = await status.read()
        return None if answer["market"] == "UNKNOWN" else answer

    return await eventually("a named market", look, every_s=0.1, limit_s=DEADLINE_S)


async def test_on_testnet_the_market_is_live_whatever_redis_holds(redis_url: str, database_url: str) -> None:
    """What a simulator once left in Redis says nothing about it."""
    async with status_of(redis_url, database_url, hyperliquid_env="testnet") as (status, redis):
        await redis.set(SOURCE_KEY, '{"market": "SIMULATED", "time_ms": 1}')
        answer = await status.read()
        assert (answer["mode"], answer["market"]) == ("TESTNET", "LIVE")
