"""Market data from a socket into the market's state, beside a client that only receives and decodes.

Run: make bench NAME=ingest. A process sends messages of the exchange's form over loopback as fast as they are taken.
The arena does all that the ingester does with them: every trade and candle parsed and kept, of books, prices and
contexts the newest of each 250 ms. websockets + orjson makes dicts of them and no more; the SDK's socket calls a
callback that does nothing. Messages per second of processor time; only the ratios mean something.
"""

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import structlog
import uvloop
from feed_server import messages
from hyperliquid.websocket_manager import WebsocketManager
from report import Race, write_json
from websockets.asyncio.client import connect

from common.bus.memory import MemoryBus
from common.runtime.clock import SystemClock
from common.runtime.garbage_collection import tune_gc
from common.runtime.roster import read_roster
from common.runtime.service import Service
from ingester.config import IngesterSettings
from ingester.exchange.connection import Connection, list_subscriptions
from ingester.exchange.throttled_warnings import ThrottledWarnings
from ingester.exchange.wire import Frame
from ingester.market.state import MarketState
from ingester.tasks.session import MarketSession

COINS = read_roster(None).coins
LIMIT_S = 120.0
SDK_SHARE = 20
"""The SDK's socket gets one message of so many: it would take minutes."""


@contextlib.asynccontextmanager
async def feed_server(count: int, channel: str) -> AsyncIterator[int]:
    """Its port."""
    command = (sys.executable, Path(__file__).with_name("feed_server.py"), str(count), channel)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()


class Bench:
    def __init__(self, port: int, count: int) -> None:
        self._port, self._count = port, count

    def _rate(self, began_s: float, count: int) -> float:
        return count / (time.process_time() - began_s)

    async def arena(self) -> float:
        settings, clock, log = IngesterSettings(metrics_port=0), SystemClock(), structlog.get_logger()
        service = Service("ingester", settings, MemoryBus(clock.now_ms), clock, log, lease=False)
        warnings = ThrottledWarnings(clock, log)
        session = MarketSession(service, MarketState(COINS), warnings, stall_limit_s=settings.stall_limit_s)
        left, finished = self._count, asyncio.Event()

        def receive(frame: Frame) -> None:
            nonlocal left
            session.receive(frame)
            left -= 1
            if not left:
                finished.set()

        async def tick() -> None:
            while True:
                await asyncio.sleep(settings.tick_interval_ms / 1_000)
                session.apply_pending()

        connection = Connection(
            f"ws://127.0.0.1:{self._port}/ws",
            list_subscriptions(COINS),
            clock,
            log,
            warnings,
            on_frame=receive,
            on_change=session.on_change,
            silent_stream=lambda: None,
        )
        began_s = time.process_time()
        tasks = [asyncio.ensure_future(connection.run()), asyncio.ensure_future(tick())]
        async with asyncio.timeout(LIMIT_S):
            await finished.wait()
        session.apply_pending()
        rate = self._rate(began_s, self._count)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert all(coin.book.bids for coin in session.market.coins.values())
        return rate

    async def websockets(self) -> float:
        began_s = time.process_time()
        async with connect(f"ws://127.0.0.1:{self._port}/ws", compression=None, max_size=None) as socket:
            for _ in range(self._count):
                orjson.loads(await socket.recv(decode=False))
            return self._rate(began_s, self._count)

    async def sdk(self) -> float:
        count = self._count // SDK_SHARE
        left, loop, finished = count, asyncio.get_running_loop(), asyncio.Event()

        def callback(_: Any) -> None:
            nonlocal left
            left -= 1
            if not left:
                loop.call_soon_threadsafe(finished.set)

        sdk_socket = WebsocketManager(f"http://127.0.0.1:{self._port}")
        for subscription in list_subscriptions(COINS):
            sdk_socket.subscribe(subscription, callback)  # type: ignore[arg-type]
        began_s = time.process_time()
        sdk_socket.start()
        async with asyncio.timeout(LIMIT_S):
            await finished.wait()
        rate = self._rate(began_s, count)
        await asyncio.to_thread(sdk_socket.stop)
        await asyncio.to_thread(sdk_socket.join)
        return rate


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redis-url", help="not used")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=40_000)
    parser.add_argument("--json", help="file for all figures")
    options = parser.parse_args()
    races, rows = [], []
    for channel in ("", "l2Book"):
        sizes = [len(message) for message in messages(1_000, channel)]
        title = f"{channel or 'all channels'}, {sum(sizes) / len(sizes):.0f} bytes a message"
        race = Race(title, "messages per second of processor time")
        async with feed_server(options.messages, channel) as port:
            bench = Bench(port, options.messages)
            candidates = {"aicoin": bench.arena, "websockets + orjson": bench.websockets, "the SDK's socket": bench.sdk}
            await race.run(candidates, options.rounds)
        races.append(race)
        rows += race.print("aicoin", {"websockets + orjson": 1.0, "the SDK's socket": 25.0})
    write_json(options.json, races, rows)


if __name__ == "__main__":
    tune_gc()
    uvloop.run(main())
