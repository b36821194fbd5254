"""The OpenAPI document against the running app: requests made from it, answers held to it."""

import asyncio
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from pydantic import SecretStr
from redis.asyncio import Redis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from common.events import Event
from common.runtime.clock import SystemClock
from common.runtime.database import migrate, open_pool
from common.runtime.health import Readiness
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from gateway.alerts import Alerts
from gateway.app import create_app
from gateway.config import GatewaySettings
from gateway.control import Control
from gateway.frames import FrameSocket
from gateway.hub import Hub
from gateway.openapi import document
from gateway.operations import Operations
from gateway.queries import Queries
from gateway.rest import Rest
from gateway.schemas import ANSWERS
from gateway.snapshots import Snapshots
from gateway.status import Status
from gateway.tail import PushAges
from gateway.ws import Doors
from recorder.handlers import Recorder
from recorder.testing import approved, decided, filled, snapshot, state

TOKEN = "a token for tests"
D = Decimal


async def serve(database_url: str, redis_url: str, port: Any, stopping: threading.Event) -> None:
    """The gateway's app over filled stores, until told to stop; tells its port."""
    pool, redis = await open_pool(database_url), Redis.from_url(redis_url)
    await migrate(pool, "recorder")
    own = GatewaySettings(metrics_port=0, database_url="postgresql://unused")

    async def publish(*events: Event[Any]) -> None:
        assert all(event.type in ("control.command", "system.alert") for event in events)

    log = SimpleNamespace(warning=lambda *_, **__: None)
    service: Any = SimpleNamespace(redis=redis, clock=SystemClock(), readiness=Readiness(), publish=publish, log=log)
    await fill_in(Recorder(pool, redis, snapshot_interval_s=300), redis)
    hub, queries = Hub(), Queries(pool)
    routes = Rest(
        service, own, queries, Status(service, own, queries), Operations(service, queries, PushAges())
    ).routes()
    routes += Control(service, SecretStr(TOKEN)).routes()
    routes += Alerts(service, SecretStr(TOKEN)).routes()
    app = create_app(service, Doors(hub, Snapshots(hub, queries, redis), service, own), routes, Path("nowhere"))
    running = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="critical", ws=FrameSocket))
    serving = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.sleep(0.01)
    port.append(running.servers[0].sockets[0].getsockname()[1])
    while not stopping.is_set():
        await asyncio.sleep(0.05)
    running.should_exit = True
    await serving
    await redis.aclose()
    await pool.close()


async def fill_in(recorder: Recorder, redis: Any) -> None:
    decision = decided("qwen", "r-1", 60_000)
    entry = approved(decision)
    fill = filled("qwen", Symbol.BTC, 1, 60_800, D(1), D(100), D(0), intent=entry)
    seen = snapshot("r-1", 60_000, dict.fromkeys(Symbol, D(100)))
    states = [state(model, at, D(10_000)) for at in (59_000, 400_000) for model in ("qwen", "deepseek")]
    await recorder.store([*states, seen, decision, entry, fill], 1)
    money = ("price", "mark_price", "oracle_price", "prev_day_price", "day_volume_usd", "funding_rate_hourly")
    price = dict.fromkeys((*money, "open_interest"), "1.5") | {"symbol": "BTC", "time_ms": 1}
    book = {"symbol": "BTC", "time_ms": 1, "bids": [{"price": "1", "size": "2"}], "asks": []}
    print_ = {"trade_id": 7, "time_ms": 1, "side": "BUY", "price": "1.5", "size": "2"}
    tape = {"symbol": "BTC", "time_ms": 1, "trades": [print_]}
    candle = dict.fromkeys(("open", "high", "low", "close", "volume"), "1") | {
        "open_time_ms": 0,
        "close_time_ms": 59_999,
        "trade_count": 1,
        "is_closed": True,
        "time_ms": 60_000,
    }
    await redis.set("price:BTC", json.dumps(price))
    await redis.set("orderbook:BTC", json.dumps(book))
    await redis.set("tape:BTC", json.dumps(tape))
    for interval in INTERVALS_MS:
        await redis.rpush(f"kline:BTC:{interval}", json.dumps(candle))


@pytest.fixture(scope="module")
def gateway(postgres_server: str, redis_server: str) -> Iterator[str]:
    """The base address of a gateway with everything in its stores."""
    port: list[int] = []
    stopping = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(serve(postgres_server, redis_server, port, stopping)))
    thread.start()
    while not port and thread.is_alive():
        thread.join(0.05)
    assert port, "the gateway did not start"
    yield f"http://127.0.0.1:{port[0]}"
    stopping.set()
    thread.join()


schema = schemathesis.openapi.from_dict(document(has_control=True, has_alerts=True))


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_the_document_says(case: schemathesis.Case, gateway: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"} if case.method == "POST" else {}
    case.call_and_validate(
        base_url=gateway,
        headers=headers,
        timeout=60,
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
    )


@pytest.mark.parametrize("path", sorted(ANSWERS))
def test_answers_with_rows_are_as_the_document_says(path: str, gateway: str) -> None:
    where = path.format(model="qwen", cycle_id="r-1", symbol="BTC")
    answer = httpx.get(f"{gateway}/api/v1{where}", timeout=60)
    assert answer.status_code == 200, answer.text
    jsonschema_rs.validate(ANSWERS[path], answer.json())


def test_the_document_names_every_route_and_no_other() -> None:
    service: Any = SimpleNamespace(redis=None, clock=SystemClock())
    own = GatewaySettings(metrics_port=0, database_url="postgresql://unused")
    routes = Rest(service, own, None, None, None).routes()  # type: ignore[arg-type]
    routes += Control(service, SecretStr(TOKEN)).routes()
    routes += Alerts(service, SecretStr(TOKEN)).routes()
    assert {route.path for route in routes} == set(document(has_control=True, has_alerts=True)["paths"])
