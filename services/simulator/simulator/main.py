"""Simulator: plays Hyperliquid, DeepSeek and DashScope on loopback, for paper trading and tests.

Reads    requests of the official clients; nothing of ours
Writes   its own SQLite file
State    accounts, orders, price path, candles: all on disk, loaded at start
Failure  a disk that refuses ends it; an action is answered only after it is stored
"""

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from simulator.config import SimulatorSettings, load_settings
from simulator.exchange.world import World
from simulator.market.source import Source
from simulator.server.clock import now_ms
from simulator.server.control_panel import create_panel
from simulator.server.health import create_health_app
from simulator.server.http import Server
from simulator.server.market_bootstrap import Opened, open_market
from simulator.server.storage.store import Store, UnlistedCoins
from simulator.server.upstream import stopped

STEP_S = 0.25
MAX_FRAME_BYTES = 1_000_000
SAVE_EVERY_STEPS = 4


async def build(settings: SimulatorSettings) -> tuple[Server, Opened]:
    """The server with its world as it was left, or a new one; the configured accounts are funded once."""
    store = Store(settings.simulator_data_dir)
    opened = await open_market(settings, store, now_ms)
    world = World(settings.simulator_seed, opened.market.time_ms, opened.market)
    world.enforces_limits = settings.simulator_rate_limits
    try:
        found = store.load(world)
    except UnlistedCoins as error:
        sys.stderr.write(
            f"simulator: SIMULATOR_COINS: {error} must stay listed: accounts hold positions or open orders in it\n"
        )
        raise SystemExit(2) from None
    for account, wallet in settings.accounts:
        world.open_account(account, wallet, settings.paper_start_balance, now_ms())
    world.clock = market_clock(settings, world, opened.source)
    about = {
        "name": "AIcoin simulator",
        "market": opened.source.label,
        "source": opened.source.kind,
        "seed": settings.simulator_seed,
        "continued": found,
    }
    server = Server(world, store, now_ms, about)
    server.is_stepwise = settings.simulator_stepwise
    server.settle()
    store.save_market(world)
    return server, opened


def market_clock(settings: SimulatorSettings, world: World, source: Source) -> Callable[[int], int]:
    """Market time at a wall time: by hand, the wall's own, or from where the market stands at the chosen speed."""
    if settings.simulator_stepwise:
        return lambda wall_ms: world.market.time_ms
    market_ms, began_ms = world.market.time_ms, now_ms()
    is_wall = source.kind == "live" or (source.kind == "synthetic" and market_ms <= began_ms)
    if is_wall and settings.simulator_speed == 1:
        return lambda wall_ms: wall_ms
    return lambda wall_ms: market_ms + round((wall_ms - began_ms) * settings.simulator_speed)


def listener(host: str, port: int, setting: str) -> socket.socket:
    """A bound socket, or the end of the process naming the setting (exit code 2)."""
    bound = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio spares such sockets the wait for a full packet.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        sys.stderr.write(f"simulator: {setting}: {host}:{port} can't be used: {error.strerror}\n")
        raise SystemExit(2) from None
    return bound


def served(app: ASGIApp) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        log_level="warning",
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME_BYTES,
        timeout_graceful_shutdown=1,
        access_log=False,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    return server


async def beat(server: Server, feeding: "asyncio.Task[None] | None", stopping: asyncio.Event) -> None:
    """Steps the market until told to stop; saves the price path now and then. Ends with what ended feed or disk."""
    steps = 0
    while not stopping.is_set():
        if server.failure is not None:
            raise server.failure
        if feeding is not None and feeding.done():
            feeding.result()
        if not server.is_stepwise:
            server.step(server.world.clock(server.now_ms()))
        steps += 1
        if steps % SAVE_EVERY_STEPS == 0:
            server.store.save_market(server.world)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), STEP_S)


async def main() -> None:
    settings = load_settings()
    sockets = [
        listener(settings.bind_host, settings.simulator_port, "SIMULATOR_PORT"),
        listener(settings.bind_host, settings.metrics_port, "METRICS_PORT"),
    ]
    try:
        server, opened = await build(settings)
    except OSError as error:
        sys.stderr.write(
            f"simulator: SIMULATOR_DATA_DIR: {settings.simulator_data_dir} can't be used: {error.strerror}\n"
        )
        raise SystemExit(2) from None
    if settings.simulator_control_port is not None:
        sockets.append(listener("127.0.0.1", settings.simulator_control_port, "SIMULATOR_CONTROL_PORT"))

    def step_age_ms() -> int:
        return 0 if server.is_stepwise else server.world.clock(now_ms()) - server.world.market.time_ms

    health = create_health_app(step_age_ms, lambda: server.world.market.stillness, lambda: len(server.sockets.clients))
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    servers = [served(server.app), served(health)]
    if settings.simulator_control_port is not None:
        servers.append(served(create_panel(server)))
    serving = [asyncio.create_task(each.serve([bound])) for each, bound in zip(servers, sockets, strict=True)]
    while not all(each.started for each in servers):  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    ports = [bound.getsockname()[1] for bound in sockets]
    started = {"event": "started", "level": "info", "service": "simulator", "port": ports[0], "metrics_port": ports[1]}
    if settings.simulator_control_port is not None:
        started["control_port"] = ports[2]
    sys.stdout.write(json.dumps(started) + "\n")
    sys.stdout.flush()
    try:
        await beat(server, opened.feeding, stopping)
    finally:
        if opened.feeding is not None:
            await stopped(opened.feeding)
        server.store.save_market(server.world)
        server.sockets.close_all()
        for each in servers:
            each.should_exit = True
        await asyncio.gather(*serving)
        server.store.close()


if __name__ == "__main__":
    asyncio.run(main())
