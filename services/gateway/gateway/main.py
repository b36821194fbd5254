"""Gateway: browsers get pushes, read-only REST and the dashboard; people with a token send commands.

Reads    ws.push (all of it, no group); PostgreSQL views of the recorder; price:, kline:, orderbook:, tape:,
         service:, risk:limits
Writes   control.command; system.alert, as Alertmanager tells it
State    the last pushes of each channel, for clients that come back
Failure  without Redis or PostgreSQL it answers 503 and goes on; clients reconnect and catch up
"""

import contextlib
import socket

import uvicorn

from common.runtime.database import open_pool
from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings, refuse_start
from gateway.alerts import Alerts
from gateway.app import create_app
from gateway.config import GatewaySettings
from gateway.control import Control
from gateway.frames import FrameSocket
from gateway.hub import Hub
from gateway.operations import Operations
from gateway.queries import Queries
from gateway.rest import Rest
from gateway.snapshots import Snapshots
from gateway.status import Status
from gateway.tail import PushAges, Tail
from gateway.ws import MAX_MESSAGE_BYTES, Doors


def listener(host: str, port: int) -> socket.socket:
    """The bound public socket, or the end of the start naming the setting."""
    # With the protocol named the event loop sends without waiting for acknowledgements (TCP_NODELAY).
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        refuse_start("gateway", [f"GATEWAY_PORT: {host}:{port} can't be used: {error.strerror}"])
    return bound


async def main() -> None:
    settings = load_settings("gateway", GatewaySettings)
    async with Service.open("gateway", settings) as service:
        bound = listener(settings.bind_host, settings.gateway_port)
        pool = await open_pool(settings.database_url.get_secret_value())
        hub, queries = Hub(), Queries(pool)
        doors = Doors(hub, Snapshots(hub, queries, service.redis), service, settings)
        ages = PushAges()
        operations = Operations(service, queries, ages)
        routes = Rest(service, settings, queries, Status(service, settings, queries), operations).routes()
        if settings.control_token is not None:
            routes += Control(service, settings.control_token).routes()
        if settings.alert_token is not None:
            routes += Alerts(service, settings.alert_token).routes()
        app = create_app(service, doors, routes, settings.gateway_web_dir)
        config = uvicorn.Config(
            app,
            ws=FrameSocket,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws_per_message_deflate=False,
            ws_max_size=2 * MAX_MESSAGE_BYTES,
        )
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]

        async def serve() -> None:
            await server.serve([bound])

        service.spawn("serve", serve)
        service.spawn("tail", Tail(service, hub, settings.redis_url, ages, doors.flush).run)
        service.spawn("beat", doors.beat)
        service.log.info("dashboard", url=f"http://{settings.bind_host}:{bound.getsockname()[1]}")
        await service.run()
        await pool.close()


if __name__ == "__main__":
    run_service(main)
