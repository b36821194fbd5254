"""Gateway: sends pushes to browsers, serves read-only REST and the dashboard, publishes operators' commands.

Reads    ws.push (the whole stream, no group); the recorder's api_* views in PostgreSQL; price:, kline:, orderbook:,
         tape:, service:, market:source, risk:limits, risk:day:, log: in Redis
Writes   control.command; system.alert, from Alertmanager
State    the latest pushes of each channel, for clients that reconnect; cached responses of the busiest routes
Failure  without Redis or PostgreSQL REST responds 503; clients reconnect and catch up by `since`
"""

import contextlib
import socket
from functools import partial

import uvicorn
from starlette.routing import Route

from common.runtime.database import open_pool
from common.runtime.database_watch import watch_database
from common.runtime.roster import load_roster
from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings, refuse_address
from common.trading.roster import Roster
from gateway.card.routes import CardRoutes
from gateway.card.tags import PageTags
from gateway.config import GatewaySettings, gateway_settings
from gateway.control.alertmanager import AlertRoutes
from gateway.control.commands import ControlRoutes
from gateway.control.log_lines import LogRoutes
from gateway.http.app import create_app
from gateway.http.server import server_config
from gateway.push.connections import MAX_MESSAGE_BYTES, ConnectionManager
from gateway.push.frames import FrameSocket
from gateway.push.hub import Hub
from gateway.push.latency import PushLatency
from gateway.push.market_clock import MarketClock, follow_speed
from gateway.push.snapshots import Snapshots
from gateway.push.tail import Tail
from gateway.rest.operations import Operations
from gateway.rest.routes import RestRoutes
from gateway.rest.status import Status
from gateway.rest.stream_gauges import watch_streams
from gateway.storage.market_cache import MarketCache
from gateway.storage.queries import Queries


def listen(host: str, port: int) -> socket.socket:
    """The bound public socket, or the end of the start naming the setting."""
    # With the protocol named the event loop sends without waiting for acknowledgments (TCP_NODELAY).
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        refuse_address("gateway", "GATEWAY_PORT", host, port, error)
    return bound


def build_routes(
    service: Service,
    settings: GatewaySettings,
    roster: Roster,
    queries: Queries,
    latency: PushLatency,
    market_clock: MarketClock,
) -> list[Route]:
    """All routes under /api/v1 that these settings enable."""
    market = MarketCache(service.redis, roster.coins)
    status = Status(service, settings, roster, queries, market, market_clock)
    operations = Operations(service, roster, queries, latency.summary)
    rest = RestRoutes(
        service,
        settings,
        roster,
        queries=queries,
        market=market,
        status=status,
        operations=operations,
        market_clock=market_clock,
    )
    routes = rest.routes() + CardRoutes(service, roster, queries, status).routes()
    if settings.control_token is not None:
        resume_token = settings.resume_token
        if resume_token is None and settings.hyperliquid_env != "mainnet":
            resume_token = settings.control_token
        routes += LogRoutes(service, settings.control_token, roster).routes()
        routes += ControlRoutes(service, settings.control_token, resume_token, roster).routes()
    if settings.alert_token is not None:
        routes += AlertRoutes(service, settings.alert_token, roster).routes()
    return routes


async def main() -> None:
    roster = load_roster("gateway")
    settings = load_settings("gateway", gateway_settings(roster))
    async with Service.open("gateway", settings, contenders=roster.ids) as service:
        bound = listen(settings.bind_host, settings.gateway_port)
        pool = await open_pool(settings.database_url.get_secret_value())
        hub, queries, latency = Hub(), Queries(pool), PushLatency()
        market, market_clock = MarketCache(service.redis, roster.coins), MarketClock(service.clock)
        snapshots = Snapshots(hub, queries, market, service.clock, roster.ids)
        connections = ConnectionManager(hub, snapshots, service, settings, market_clock)
        routes = build_routes(service, settings, roster, queries, latency, market_clock)
        app = create_app(
            service,
            connections.serve,
            routes,
            settings.gateway_web_dir,
            settings.hosts,
            settings.read_token,
            PageTags(roster).html,
        )
        server = uvicorn.Server(
            server_config(
                app, ws=FrameSocket, max_message_bytes=MAX_MESSAGE_BYTES, proxy_addresses=settings.proxy_addresses
            )
        )
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]

        async def serve() -> None:
            await server.serve([bound])

        service.spawn("serve", serve)
        service.spawn("tail", Tail(service, hub, settings.redis_url, latency, market_clock, connections.flush).run)
        if settings.hyperliquid_env == "paper":
            service.spawn("market_speed", partial(follow_speed, market_clock, market, service))
        service.spawn("tick", connections.tick)
        service.spawn("stream gauges", partial(watch_streams, service, roster))
        service.spawn("database", partial(watch_database, service, pool))
        service.log.info("dashboard", url=f"http://{settings.bind_host}:{bound.getsockname()[1]}")
        await service.run()
        await pool.close()


if __name__ == "__main__":
    run_service(main)
