"""The ingester as a process of its own, with a real Redis and the simulator."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from harness import eventually
from ingester_frames import COINS
from redis.asyncio import Redis

from common.events import Channel, MarketSnapshot, MarketTick, WsPush
from common.events.codec import decode
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from ingester.market.candles import KEPT_CANDLES
from ingester.market.tape import KEPT_TRADES
from simulator.testing.process import SimulatorProcess
from support.service_rights import own_redis_url
from support.simulator_process import ForkedSimulator

DEADLINE_S = 120.0
TIGHT_S = 60.0
INTERVAL_S = 5
SIMULATED_DAYS = 512
"""The whole days that the simulated market has had: so many daily candles, and those of the days since."""


@asynccontextmanager
async def ingester_process(redis_url: str, simulator_url: str, **settings: str) -> AsyncIterator[Any]:
    """Runs the service; kills it without warning at the end unless it has stopped by itself."""
    environment = os.environ | {
        "REDIS_URL": own_redis_url("ingester", redis_url),
        "SIMULATOR_URL": simulator_url,
        "METRICS_PORT": "0",
        "DECISION_INTERVAL_S": str(INTERVAL_S),
        "HISTORY_WEIGHT_PER_MINUTE": "1200",
        "STALL_LIMIT_S": "5",
        "SENTIMENT_URL": "off",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ingester.main", env=environment | settings, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Seen:
    """What the ingester has written."""

    def __init__(self, client: "Redis[bytes]") -> None:
        self.client = client

    async def events(self, stream: str) -> list[Any]:
        return [
            decode(stream, fields[b"event"], sequence=int(fields[b"sequence"]), epoch=int(fields[b"epoch"]))
            for _, fields in await self.client.xrange(stream)
        ]

    async def snapshots(self) -> list[Any]:
        return await self.events(MarketSnapshot.TYPE)

    async def whole_snapshot(self, after_ms: int = 0) -> Any:
        """The first snapshot past a boundary whose history is complete."""
        found = (each for each in await self.snapshots() if not each.data.partial and each.data.boundary_ms > after_ms)
        return next(found, None)

    async def klines(self, key: str) -> list[dict[str, Any]]:
        return [json.loads(value) for value in await self.client.lrange(key, 0, -1)]

    async def whole_klines(self) -> bool:
        keys = [f"kline:{symbol.value}:{interval}" for symbol in COINS for interval in INTERVALS_MS]
        lengths = {key: await self.client.llen(key) for key in keys}
        return all(count >= (SIMULATED_DAYS if key.endswith(":1d") else KEPT_CANDLES) for key, count in lengths.items())


@pytest.fixture
async def seen(redis_url: str) -> AsyncIterator[Seen]:
    client = Redis.from_url(redis_url)
    yield Seen(client)
    await client.aclose()


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    process = ForkedSimulator(tmp_path_factory.mktemp("simulator")).start()
    yield process
    process.stop()


async def full_tape(seen: Seen) -> Any:
    """The cached trades once there are as many as are kept."""
    value = await seen.client.get("tape:BTC")
    tape = json.loads(value) if value else {"trades": []}
    return tape if len(tape["trades"]) == KEPT_TRADES else None


def expect_contiguous(rows: list[dict[str, Any]], interval: str) -> None:
    times = [row["open_time_ms"] for row in rows]
    assert times == list(range(times[0], times[-1] + 1, INTERVALS_MS[interval]))


async def test_ticks_cache_pushes_and_snapshots(simulator: SimulatorProcess, seen: Seen, redis_url: str) -> None:
    async with ingester_process(redis_url, simulator.url) as process:
        snapshot = await eventually("a whole snapshot", seen.whole_snapshot, limit_s=DEADLINE_S)
        data = snapshot.data
        assert data.boundary_ms % (INTERVAL_S * 1000) == 0
        assert snapshot.cycle_id == f"{data.run_id}-{data.boundary_ms // 1000}"
        assert list(data.coins) == list(COINS)
        listed: Any = simulator.info(type="meta")
        leverages = {asset["name"]: asset["maxLeverage"] for asset in listed["universe"]}
        for symbol, coin in data.coins.items():
            assert coin.max_leverage == leverages[symbol.value]
            assert coin.book.best_bid_price < coin.book.best_ask_price
            for interval, series in coin.series.items():
                assert len(series.closes) == 20
                assert series.open_times_ms[-1] < data.boundary_ms <= series.open_times_ms[-1] + INTERVALS_MS[interval]
                assert len(series.macd) == len(series.rsi14) == 10
        ticks = await seen.events(MarketTick.TYPE)
        assert {tick.data.symbol for tick in ticks} == set(COINS)
        assert [tick.sequence for tick in ticks] == list(range(ticks[0].sequence, ticks[0].sequence + len(ticks)))
        pushes = await seen.events(WsPush.TYPE)
        assert {push.data.channel for push in pushes} == {Channel.PRICE_UPDATE}
        assert set(pushes[0].data.data["prices"]["BTC"]) == {"price", "mark_price", "time_ms"}
        await eventually("a whole history in every series", seen.whole_klines, limit_s=DEADLINE_S)
        for interval in INTERVALS_MS:
            rows = await seen.klines(f"kline:BTC:{interval}")
            expect_contiguous(rows, interval)
            assert [row["is_closed"] for row in rows[:-1]] == [True] * (len(rows) - 1)
        book = json.loads(await seen.client.get("orderbook:BTC"))
        assert len(book["bids"]) == len(book["asks"]) == 20
        assert Decimal(book["bids"][0]["price"]) < Decimal(book["asks"][0]["price"])
        tape = await eventually("a full tape", lambda: full_tape(seen), limit_s=DEADLINE_S)
        times = [row["time_ms"] for row in tape["trades"]]
        assert times == sorted(times, reverse=True)
        assert tape["time_ms"] == times[0]
        assert len({row["trade_id"] for row in tape["trades"]}) == KEPT_TRADES
        assert {row["side"] for row in tape["trades"]} == {"BUY", "SELL"}
        for row in tape["trades"]:
            assert abs(Decimal(row["price"]) / Decimal(book["bids"][0]["price"]) - 1) < Decimal("0.05")
            assert Decimal(row["size"]) > 0
        price = json.loads(await seen.client.get("price:BTC"))
        assert abs(Decimal(price["price"]) / Decimal(book["bids"][0]["price"]) - 1) < Decimal("0.05")
        process.terminate()
        assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0


async def test_closed_candles_are_those_of_the_exchange(
    simulator: SimulatorProcess, seen: Seen, redis_url: str
) -> None:
    async with ingester_process(redis_url, simulator.url):
        await eventually("a whole history in every series", seen.whole_klines, limit_s=DEADLINE_S)

        async def are_theirs() -> bool:
            """A candle's last trade may come after its end."""
            rows = await seen.klines("kline:ETH:5m")
            request = {"coin": "ETH", "interval": "5m", "startTime": rows[0]["open_time_ms"]}
            theirs: Any = simulator.info(type="candleSnapshot", req=request | {"endTime": rows[-2]["close_time_ms"]})
            own = [
                [row["open_time_ms"], *(Decimal(row[name]) for name in ("open", "high", "low", "close"))]
                for row in rows
            ]
            return own[:-1] == [[row["t"], *(Decimal(row[name]) for name in "ohlc")] for row in theirs]

        await eventually("candles like the exchange's", are_theirs, limit_s=DEADLINE_S)


async def test_a_killed_ingester_continues_its_run(simulator: SimulatorProcess, seen: Seen, redis_url: str) -> None:
    async with ingester_process(redis_url, simulator.url):
        first = await eventually("a whole snapshot", seen.whole_snapshot, limit_s=DEADLINE_S)
        await eventually("a whole history in every series", seen.whole_klines, limit_s=DEADLINE_S)
    stored = json.loads(await seen.client.get("open_interest:BTC"))
    stored |= {"newest_minute": stored["newest_minute"] - 60, "samples": [1.0]}
    await seen.client.set("open_interest:BTC", json.dumps(stored))
    # A tight budget: only a start that asks for the gaps alone gets through within the time.
    async with ingester_process(redis_url, simulator.url, HISTORY_WEIGHT_PER_MINUTE="780"):
        last = (await seen.snapshots())[-1]
        again = await eventually(
            "a whole snapshot", lambda: seen.whole_snapshot(last.data.boundary_ms), limit_s=TIGHT_S
        )
    assert again.data.run_id == first.data.run_id
    assert again.data.cycle_number > first.data.cycle_number
    assert first.data.coins[Symbol.BTC].open_interest_change_1h_percent is None
    assert again.data.coins[Symbol.BTC].open_interest_change_1h_percent > 0
    boundaries = [each.data.boundary_ms for each in await seen.snapshots()]
    assert boundaries == sorted(set(boundaries))
    missed = [each.data.missed_cycles for each in await seen.snapshots()]
    assert sum(missed) + len(boundaries) == (boundaries[-1] - boundaries[0]) // (INTERVAL_S * 1000) + 1


async def test_a_wiped_redis_gets_everything_again(simulator: SimulatorProcess, seen: Seen, redis_url: str) -> None:
    async with ingester_process(redis_url, simulator.url):
        first = await eventually("a whole snapshot", seen.whole_snapshot, limit_s=DEADLINE_S)
        await eventually("a whole history in every series", seen.whole_klines, limit_s=DEADLINE_S)
        await seen.client.flushall()
        await eventually("a whole history in every series", seen.whole_klines, limit_s=DEADLINE_S)
        again = await eventually("a whole snapshot", seen.whole_snapshot, limit_s=DEADLINE_S)
        assert again.data.run_id == first.data.run_id
        assert again.data.boundary_ms > first.data.boundary_ms
        expect_contiguous(await seen.klines("kline:BTC:1m"), "1m")
        assert json.loads(await seen.client.get("run:id"))["run_id"] == first.data.run_id


async def test_it_outlives_the_exchange(tmp_path: Path, seen: Seen, redis_url: str) -> None:
    simulator = ForkedSimulator(tmp_path).start()
    try:
        async with ingester_process(redis_url, simulator.url):
            before = await eventually("a whole snapshot", seen.whole_snapshot, limit_s=DEADLINE_S)
            await asyncio.to_thread(simulator.kill)
            await asyncio.to_thread(simulator.start)
            last = (await seen.snapshots())[-1].data
            after = await eventually(
                "a whole snapshot", lambda: seen.whole_snapshot(last.boundary_ms), limit_s=DEADLINE_S
            )
            assert after.data.run_id == before.data.run_id
            expect_contiguous(await seen.klines("kline:BTC:1m"), "1m")
    finally:
        await asyncio.to_thread(simulator.stop)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DECISION_INTERVAL_S", "abc", "DECISION_INTERVAL_S: input should be a valid integer"),
        ("HYPERLIQUID_API_URL", "example.com", "HYPERLIQUID_API_URL: string should match pattern"),
        ("SENTIMENT_URL", "no", "SENTIMENT_URL: can't be read"),
    ],
)
async def test_a_bad_setting_ends_the_start_with_its_name(variable: str, value: str, message: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ingester.main",
        env=os.environ | {"METRICS_PORT": "0", variable: value},
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    assert process.returncode == 2
    assert stderr.decode().startswith(f"ingester: {message}")
