"""A gateway on a socket of its own over real stores, with a recorder to fill them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import structlog
import uvicorn
from harness import eventually
from redis.asyncio import Redis

from common.bus.redis_streams import RedisBus
from common.events import Event
from common.runtime.clock import SystemClock
from common.runtime.database import Pool, migrate, open_pool
from common.runtime.health import Readiness
from common.runtime.roster import read_roster
from common.trading.roster import Contender, Roster
from gateway.card.tags import PageTags
from gateway.config import gateway_settings
from gateway.http.app import create_app
from gateway.http.server import server_config
from gateway.main import build_routes
from gateway.push.connections import MAX_MESSAGE_BYTES, ConnectionManager
from gateway.push.frames import FrameSocket
from gateway.push.hub import Hub
from gateway.push.latency import PushLatency
from gateway.push.market_clock import MarketClock
from gateway.push.snapshots import Snapshots
from gateway.storage.market_cache import MarketCache
from gateway.storage.queries import Queries
from recorder.handlers import Recorder
from support.service_rights import own_database_url, own_redis_url

DEFAULT = read_roster(None)
NO_PAGE = Path("nowhere")
EXPIRED_S = 3_600.0
LLAMA = Contender.model_validate(
    {
        "id": "llama",
        "name": "Llama",
        "provider": "deepseek",
        "model": "llama-4-70b",
        "strategy": "trend-v2",
        "color": "#7A3FB0",
        "color_dark": "#C49BFF",
        "mark": "square",
    }
)
THREE_AND_SEVEN = Roster.model_validate({"contenders": [*DEFAULT.contenders, LLAMA], "coins": [*DEFAULT.coins, "HYPE"]})
"""Three contenders and seven coins."""


class ShiftedClock(SystemClock):
    """The system's clock, whose monotonic time a test moves on: what is cached is old then."""

    ahead_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


@dataclass
class GatewayServer:
    """A running gateway, and what a test needs to fill its stores. `published` is what its POST routes published,
    `paths` are its routes under /api/v1."""

    url: str
    client: httpx.AsyncClient
    pool: Pool
    recorder: Recorder
    redis: Redis
    bus: RedisBus
    hub: Hub
    market_clock: MarketClock
    connections: ConnectionManager
    snapshots: Snapshots
    published: list[Event[Any]]
    clock: ShiftedClock
    paths: set[str]

    async def get(self, path: str, **parameters: Any) -> Any:
        response = await self.client.get(f"/api/v1/{path}", params=parameters)
        assert response.status_code == 200, response.text
        return response.json()

    async def get_fresh(self, path: str, **parameters: Any) -> Any:
        """The same, when no cached answer is young enough."""
        self.clock.ahead_s += EXPIRED_S
        return await self.get(path, **parameters)


@asynccontextmanager
async def gateway_server(
    database_url: str, redis_url: str, roster: Roster = DEFAULT, web_dir: Path = NO_PAGE, **settings: Any
) -> AsyncIterator[GatewayServer]:
    """A gateway with these settings and its own rights, until the block ends."""
    pool = await open_pool(own_database_url("recorder", database_url))
    await migrate(pool, "recorder")
    own_pool = await open_pool(own_database_url("gateway", database_url))
    redis, bus = Redis.from_url(redis_url), RedisBus(redis_url)
    own_redis = Redis.from_url(own_redis_url("gateway", redis_url))
    own = gateway_settings(roster).model_validate({"metrics_port": 0, "database_url": "postgresql://unused"} | settings)
    published: list[Event[Any]] = []
    clock = ShiftedClock()

    async def publish(*events: Event[Any]) -> None:
        published.extend(events)

    service: Any = SimpleNamespace(
        redis=own_redis,
        clock=clock,
        readiness=Readiness(),
        settings=own,
        publish=publish,
        log=structlog.get_logger(),
    )
    hub, queries = Hub(), Queries(own_pool)
    snapshots = Snapshots(hub, queries, MarketCache(own_redis, roster.coins), clock, roster.ids)
    market_clock = MarketClock(service.clock)
    connections = ConnectionManager(hub, snapshots, service, own, market_clock)
    routes = build_routes(service, own, roster, queries, PushLatency(), market_clock)
    app = create_app(service, connections.serve, routes, web_dir, own.hosts, own.read_token, PageTags(roster).html)
    recorder = Recorder(pool, redis, snapshot_interval_s=300, contenders=roster.ids)
    # A page counts a connection without the clock as lost; programs get what they ask for alone.
    ticking = asyncio.create_task(connections.tick()) if web_dir is not NO_PAGE else None
    async with (
        serve(app, own.proxy_addresses) as url,
        httpx.AsyncClient(base_url=url, timeout=60) as client,
    ):
        yield GatewayServer(
            url=url,
            client=client,
            pool=pool,
            recorder=recorder,
            redis=redis,
            bus=bus,
            hub=hub,
            market_clock=market_clock,
            connections=connections,
            snapshots=snapshots,
            published=published,
            clock=clock,
            paths={route.path for route in routes},
        )
    if ticking is not None:
        ticking.cancel()
    await bus.close()
    await redis.aclose()
    await own_redis.aclose()
    await own_pool.close()
    await pool.close()


@asynccontextmanager
async def serve(app: Any, proxy_addresses: str = "") -> AsyncIterator[str]:
    """An ASGI app behind uvicorn as the gateway runs it; gives its URL."""
    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        server_config(app, ws=FrameSocket, max_message_bytes=MAX_MESSAGE_BYTES, proxy_addresses=proxy_addresses)
    )
    serving = asyncio.create_task(server.serve([bound]))
    await eventually("the server", lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


async def fill_market_cache(redis: Redis, symbols: tuple[str, ...]) -> None:
    """One entry of each kind that the ingester keeps, for each coin."""
    money = ("price", "mark_price", "oracle_price", "prev_day_price", "day_volume_usd", "funding_rate_hourly")
    market_trade = {"trade_id": 7, "time_ms": 1, "side": "BUY", "price": "1.5", "size": "2"}
    candle = dict.fromkeys(("open", "high", "low", "close", "volume"), "1") | {
        "open_time_ms": 0,
        "close_time_ms": 59_999,
        "trade_count": 1,
        "is_closed": True,
        "time_ms": 60_000,
    }
    for symbol in symbols:
        price = dict.fromkeys((*money, "open_interest"), "1.5") | {"symbol": symbol, "time_ms": 1}
        book = {"symbol": symbol, "time_ms": 1, "bids": [{"price": "1", "size": "2"}], "asks": []}
        await redis.set(f"price:{symbol}", json.dumps(price))
        await redis.set(f"orderbook:{symbol}", json.dumps(book))
        await redis.set(f"tape:{symbol}", json.dumps({"symbol": symbol, "time_ms": 1, "trades": [market_trade]}))
        for interval in ("1m", "5m", "15m", "1h", "4h", "1d"):
            await redis.rpush(f"kline:{symbol}:{interval}", json.dumps(candle))
