"""REST `prices`, `positions`, `leaderboard` at 200 requests a second against a static answer of Starlette, equally big.

Run: make bench NAME=rest. Every server is a process of its own with stores of its own; 20 kept connections ask in turn
at a steady rate, and a request is late from when it was due, so that a stall is not hidden. Only the ratios within one
run mean something.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.append(sys.path.pop(0))
sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

import uvicorn
import uvloop
from recorder_examples import filled, state
from redis.asyncio import Redis
from report import Race, write_json
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aicoin_local.stores import Throwaway, free_port, postgres_store, wait_for_postgres
from common.events import AccountPosition
from common.runtime.clock import SystemClock
from common.runtime.database import migrate, open_pool
from common.runtime.garbage_collection import tune_gc
from common.runtime.health import Readiness
from common.runtime.roster import read_roster
from common.trading.instruments import Symbol
from common.trading.orders import Side
from gateway.config import GatewaySettings
from gateway.http.app import create_app
from gateway.main import build_routes
from gateway.push.connections import ConnectionManager
from gateway.push.hub import Hub
from gateway.push.latency import PushLatency
from gateway.push.market_clock import MarketClock
from gateway.push.snapshots import Snapshots
from gateway.storage.market_cache import MarketCache
from gateway.storage.queries import Queries
from recorder.handlers import Recorder

PATHS = ("prices", "positions", "leaderboard")
CONNECTIONS = 20
RATE = 200
ONE = Decimal(1)
ROSTER = read_roster(None)


async def gateway_app(redis_url: str, database_url: str) -> Any:
    """The gateway's app over stores with three positions a model and some hundred trades."""
    pool, redis = await open_pool(database_url), Redis.from_url(redis_url)
    await migrate(pool, "recorder")
    settings = GatewaySettings(metrics_port=0, database_url="postgresql://unused")
    service: Any = SimpleNamespace(redis=redis, clock=SystemClock(), readiness=Readiness())
    recorder = Recorder(pool, redis, snapshot_interval_s=300)
    await fill_in(recorder, redis)
    hub, queries = Hub(), Queries(pool)
    snapshots = Snapshots(hub, queries, MarketCache(redis, ROSTER.coins))
    market_clock = MarketClock(service.clock)
    connections = ConnectionManager(hub, snapshots, service, settings, market_clock)
    routes = build_routes(service, settings, ROSTER, queries, PushLatency(), market_clock)
    return create_app(service, connections.serve, routes, Path("nowhere"))


async def fill_in(recorder: Recorder, redis: Redis) -> None:
    held = tuple(
        AccountPosition(
            symbol=symbol,
            side=Side.LONG,
            size_coin=ONE,
            entry_price=ONE,
            mark_price=ONE,
            leverage=5,
            is_isolated=True,
            notional_usd=ONE,
            unrealized_pnl_usd=ONE,
            margin_used_usd=ONE,
            liquidation_price=None,
            funding_since_open_usd=ONE,
            stop_loss_price=ONE,
            take_profit_price=ONE,
            protected=True,
            intent_id=None,
            cycle_id=None,
            opened_ms=1,
        )
        for symbol in (Symbol.BTC, Symbol.ETH, Symbol.SOL)
    )
    for model in ROSTER.ids:
        fills = [
            filled(model, Symbol.BTC, n, n * 1_000, ONE if n % 2 else -ONE, ONE, ONE * ((n + 1) % 2))
            for n in range(1, 401)
        ]
        await recorder.store([state(model, 500, Decimal(10_000), positions=held), *fills], 1)
    names = ("price", "mark_price", "oracle_price", "prev_day_price", "day_volume_usd", "funding_rate_hourly")
    for symbol in ROSTER.coins:
        body = {"symbol": symbol.value, **dict.fromkeys((*names, "open_interest"), "117564.5"), "time_ms": 1}
        await redis.set(f"price:{symbol.value}", json.dumps(body))


def static_app(bodies: Path) -> Starlette:
    """Nothing but the same bytes."""
    texts = json.loads(bodies.read_text(encoding="utf-8"))

    def route(path: str) -> Route:
        body = texts[path].encode()

        async def answer(request: Request) -> Response:
            return Response(body, media_type="application/json")

        return Route(f"/api/v1/{path}", answer)

    return Starlette(routes=[route(path) for path in PATHS])


async def serve(kind: str, redis_url: str, rest: str) -> None:
    app = await gateway_app(redis_url, rest) if kind == "gateway" else static_app(Path(rest))
    running = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="warning", access_log=False))
    serving = asyncio.create_task(running.serve())
    while not running.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    print(running.servers[0].sockets[0].getsockname()[1], flush=True)
    await serving


@asynccontextmanager
async def server(kind: str, redis_url: str, rest: str) -> AsyncIterator[int]:
    """The port of a server process."""
    command = (sys.executable, __file__, "--redis-url", redis_url, "--serve", kind, rest)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    try:
        yield int(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> bytes:
    writer.write(f"GET /api/v1/{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return await reader.readexactly(int(length.split(b":")[1]))


async def p99_ms(port: int, path: str, seconds: float) -> float:
    """The 99th percentile of latency at a fixed rate of requests.

    Each is measured from the time at which it was due, so that a slow answer also counts for the requests behind it.
    """
    late: list[float] = []
    started = time.perf_counter() + 0.2

    async def connection(first: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await ask(reader, writer, path)
        for number in range(first, int(seconds * RATE), CONNECTIONS):
            due = started + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await ask(reader, writer, path)
            late.append((time.perf_counter() - due) * 1_000)
        writer.close()

    await asyncio.gather(*(connection(first) for first in range(CONNECTIONS)))
    return sorted(late)[int(0.99 * len(late))]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redis-url", required=True, help="an empty Redis of your own")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5, help="of each turn")
    parser.add_argument("--json", help="file for all figures")
    parser.add_argument("--serve", nargs=2, metavar=("KIND", "DATABASE_URL_OR_FILE"))
    options = parser.parse_args()
    if options.serve:
        await serve(options.serve[0], options.redis_url, options.serve[1])
        return
    with tempfile.TemporaryDirectory(prefix="aicoin-rest-") as folder:
        store = Throwaway(postgres := postgres_store(Path(folder) / "data", free_port()), Path(folder) / "log")
        try:
            wait_for_postgres(postgres.url)
            await compare(options, postgres.url, Path(folder) / "bodies.json")
        finally:
            store.stop()


async def compare(options: Any, database_url: str, bodies: Path) -> None:
    races, rows = [], []
    async with server("gateway", options.redis_url, database_url) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        texts = {path: (await ask(reader, writer, path)).decode() for path in PATHS}
        await asyncio.to_thread(bodies.write_text, json.dumps(texts))
        writer.close()
        async with server("static", options.redis_url, str(bodies)) as static:
            for path in PATHS:
                race = Race(f"GET {path} at {RATE} requests/s, p99", "ms", higher_is_better=False)
                candidates = {
                    "aicoin": lambda path=path: p99_ms(port, path, options.seconds),
                    "static Starlette": lambda path=path: p99_ms(static, path, options.seconds),
                }
                await race.run(candidates, options.rounds)
                rows += race.print("aicoin", {"static Starlette": 2.0})
                races.append(race)
    write_json(options.json, races, rows)


if __name__ == "__main__":
    tune_gc()
    uvloop.run(main())
