"""Simulator: plays Hyperliquid, DeepSeek and DashScope on loopback, for paper trading and tests.

Reads    requests of the official clients; imports no other package of the project
Writes   its own SQLite file
State    accounts, orders, price path, candles: all on disk, loaded at start
Failure  a failing disk ends the process; an action is answered only after it is stored
"""

import asyncio
import contextlib
import errno
import json
import signal
import socket
import sys
from collections.abc import Callable
from typing import Literal

import uvicorn
from starlette.types import ASGIApp

from simulator.config import SimulatorSettings, load_settings
from simulator.exchange.state import account_modes
from simulator.exchange.world import World
from simulator.market.source import Source
from simulator.server.clock import FastClock, now_ms
from simulator.server.health import create_health_app
from simulator.server.http import Server
from simulator.server.listeners import GUESTS, SERVICES, GuestProtocol, Listener
from simulator.server.market_bootstrap import OpenedMarket, open_market
from simulator.server.panel.app import create_panel
from simulator.server.storage.store import Store, UnlistedCoins
from simulator.server.upstream import cancel_and_wait

STEP_S = 0.25
MAX_FRAME_BYTES = 1_000_000
SAVE_EVERY_STEPS = 4


async def build(settings: SimulatorSettings) -> tuple[Server, OpenedMarket]:
    """The server with the stored world or a new one; each configured account is funded once."""
    store = Store(settings.simulator_data_dir)
    opened = await open_market(settings, store, now_ms)
    world = World(settings.simulator_seed, opened.market.time_ms, opened.market)
    world.enforces_limits = settings.simulator_rate_limits
    world.exchange.new_account_mode = account_modes.OF_SETTING[settings.simulator_account_mode]
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
        "speed": settings.simulator_speed,
        "continued": found,
    }
    server = Server(world, store, now_ms, about)
    server.is_stepwise = settings.simulator_stepwise
    server.persist_changes()
    store.save_market(world)
    return server, opened


def market_clock(settings: SimulatorSettings, world: World, source: Source) -> Callable[[int], int]:
    """Maps wall time to market time: constant in stepwise mode, equal, from the market's time on, or at a speed."""
    if settings.simulator_stepwise:
        return lambda wall_ms: world.market.time_ms
    market_ms, began_ms = world.market.time_ms, now_ms()
    is_present = source.kind == "synthetic" or (source.kind == "capture" and source.shift_ms != 0)
    is_wall = source.kind == "live" or (is_present and market_ms <= began_ms)
    if is_wall and settings.simulator_speed == 1:
        return lambda wall_ms: wall_ms
    if settings.simulator_speed == 1:
        return lambda wall_ms: market_ms + wall_ms - began_ms
    return FastClock(world.market, settings.simulator_speed, began_ms)


def bind_socket(host: str, port: int, setting: str) -> socket.socket:
    """A bound socket. Ends the process with the setting's name (exit code 2) when the address can't be used."""
    bound = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio then disables Nagle's algorithm for its connections.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        is_host = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
        remedy = "name an address of this machine" if is_host else "choose another port"
        name = "BIND_HOST" if is_host else setting
        sys.stderr.write(f"simulator: {name}: {host}:{port} can't be used: {error.strerror}; {remedy}\n")
        raise SystemExit(2) from None
    return bound


def create_server(app: ASGIApp, protocol: type[asyncio.Protocol] | Literal["auto"] = "auto") -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=protocol,
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


def exchange_servers(app: ASGIApp, *, has_guests: bool) -> list[uvicorn.Server]:
    """The exchange's listeners: one for all, or one for guests and one for the arena's own services."""
    if not has_guests:
        return [create_server(app)]
    return [create_server(Listener(app, GUESTS), GuestProtocol), create_server(Listener(app, SERVICES))]


async def run_steps(server: Server, feed_task: "asyncio.Task[None] | None", stopping: asyncio.Event) -> None:
    """Steps the market every STEP_S and saves it every SAVE_EVERY_STEPS, until `stopping` is set.

    Raises the server's failure or the end of the feed task.
    """
    steps = 0
    while not stopping.is_set():
        if server.failure is not None:
            raise server.failure
        if feed_task is not None and feed_task.done():
            feed_task.result()
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
        bind_socket(settings.bind_host, settings.simulator_port, "SIMULATOR_PORT"),
        bind_socket(settings.bind_host, settings.metrics_port, "METRICS_PORT"),
    ]
    if settings.simulator_services_port is not None:
        sockets.append(bind_socket(settings.bind_host, settings.simulator_services_port, "SIMULATOR_SERVICES_PORT"))
    try:
        server, opened = await build(settings)
    except OSError as error:
        sys.stderr.write(
            f"simulator: SIMULATOR_DATA_DIR: {settings.simulator_data_dir} can't be used: {error.strerror}\n"
        )
        raise SystemExit(2) from None
    if settings.simulator_control_port is not None:
        sockets.append(bind_socket("127.0.0.1", settings.simulator_control_port, "SIMULATOR_CONTROL_PORT"))

    def step_age_ms() -> int:
        return 0 if server.is_stepwise else now_ms() - server.stepped_ms

    health = create_health_app(
        step_age_ms, lambda: server.world.market.halt_reason, lambda: len(server.sockets.clients)
    )
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    servers = exchange_servers(server.app, has_guests=settings.simulator_services_port is not None)
    servers.insert(1, create_server(health))
    if settings.simulator_control_port is not None:
        servers.append(create_server(create_panel(server)))
    serving = [asyncio.create_task(each.serve([bound])) for each, bound in zip(servers, sockets, strict=True)]
    while not all(each.started for each in servers):  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    ports = [bound.getsockname()[1] for bound in sockets]
    started = {"event": "started", "level": "info", "service": "simulator", "port": ports[0], "metrics_port": ports[1]}
    if settings.simulator_services_port is not None:
        started["services_port"] = ports[2]
    if settings.simulator_control_port is not None:
        started["control_port"] = ports[-1]
    sys.stdout.write(json.dumps(started) + "\n")
    sys.stdout.flush()
    try:
        await run_steps(server, opened.feed_task, stopping)
    finally:
        if opened.feed_task is not None:
            await cancel_and_wait(opened.feed_task)
        server.store.save_market(server.world)
        server.sockets.close_all()
        for each in servers:
            each.should_exit = True
        await asyncio.gather(*serving)
        server.store.close()


if __name__ == "__main__":
    asyncio.run(main())
