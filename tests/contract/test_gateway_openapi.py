"""The OpenAPI document against the running gateway: requests generated from it, responses and pushes held to it."""

import asyncio
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
from gateway_server import DEFAULT, GatewayServer, fill_market_cache, gateway_server
from hypothesis import HealthCheck, Phase, settings
from recorder_examples import approved, decided, filled, snapshot, state
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from common.events import Action, AlertSeverity, Channel, OrderAccepted, OrderRole, SystemAlert, originate
from common.runtime.clock import SystemClock
from common.trading.instruments import Symbol
from common.trading.orders import OrderSide
from gateway.rest.openapi import document
from gateway.rest.schemas import RESPONSES

TOKEN = "a token for tests, of 32 bytes and more"
D = Decimal
DOCUMENT = document(DEFAULT, has_control=True, has_alerts=True)
GATEWAY = {"control_token": TOKEN, "alert_token": TOKEN}


def validate(schema: Any, value: Any) -> None:
    """Holds a value to a schema of the document."""
    jsonschema_rs.validate(schema | {"components": DOCUMENT["components"]}, value)


async def serve(database_url: str, redis_url: str, url: list[str], stopping: threading.Event) -> None:
    """A gateway over filled stores until `stopping` is set; appends its URL."""
    async with gateway_server(database_url, redis_url, **GATEWAY) as server:
        await fill_in(server)
        url.append(server.url)
        while not stopping.is_set():
            await asyncio.sleep(0.05)
        assert {event.type for event in server.published} <= {"control.command", "system.alert"}


async def fill_in(server: GatewayServer) -> list[Any]:
    """An open and a closed trade, with everything that leads to them; returns the pushes that follow."""
    opening, closing = decided("qwen", "r-1", 60_000), decided("qwen", "r-2", 120_000, action=Action.CLOSE)
    holding = decided("deepseek", "r-1", 60_000, action=Action.HOLD)
    entry, leave = approved(opening), approved(closing, leverage=5)
    order = OrderAccepted(
        model="qwen",
        intent_id=entry.id,
        client_order_id="0x01",
        order_id=1,
        symbol=Symbol.BTC,
        role=OrderRole.ENTRY,
        side=OrderSide.BUY,
        size_coin=D(1),
        price=D(101),
        trigger_price=None,
        reduce_only=False,
        status="resting",
    )
    fills = [
        filled("qwen", Symbol.BTC, 1, 60_800, D(1), D(100), D(0), intent=entry),
        filled("qwen", Symbol.BTC, 2, 120_800, D(-1), D(110), D(1), role=OrderRole.EXIT, intent=leave),
        filled("qwen", Symbol.ETH, 3, 121_000, D(-1), D(110), D(0)),
    ]
    alert = SystemAlert(
        code="TEST", severity=AlertSeverity.WARNING, service="risk", model=None, message="test", figures={}
    )
    seen = [
        snapshot(cycle, at, dict.fromkeys(DEFAULT.coins, D(100))) for cycle, at in (("r-1", 60_000), ("r-2", 120_000))
    ]
    states = [state(model, at, D(10_000)) for at in (59_000, 400_000) for model in ("qwen", "deepseek")]
    accepted = originate(order, keys=("order",), time_ms=60_500, now_ms=60_500)
    raised = originate(alert, keys=("alert",), time_ms=5, now_ms=5)
    events = [*states, *seen, opening, holding, entry, accepted, closing, leave, *fills, raised]
    pushes = await server.recorder.store(events, 10_000)
    await fill_market_cache(server.redis, tuple(DEFAULT.coins))
    return [event.data for event in pushes if event.type == "ws.push"]


@pytest.fixture(scope="module")
def gateway(postgres_server: str, redis_server: str) -> Iterator[str]:
    """The base URL of a gateway with a row of every kind in its stores."""
    url: list[str] = []
    stopping = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(serve(postgres_server, redis_server, url, stopping)))
    thread.start()
    while not url and thread.is_alive():
        thread.join(0.05)
    assert url, "the gateway did not start"
    yield url[0]
    stopping.set()
    thread.join()


schema = schemathesis.openapi.from_dict(DOCUMENT)


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_responses_match_the_document(case: schemathesis.Case, gateway: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"} if case.method == "POST" or case.path == "/api/v1/logs" else {}
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


@pytest.mark.parametrize("path", sorted(RESPONSES))
def test_rows_match_the_document(path: str, gateway: str) -> None:
    where = path.format(model="qwen", cycle_id="r-1", symbol="BTC")
    response = httpx.get(f"{gateway}/api/v1{where}", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)
    assert response.status_code == 200, response.text
    validate(RESPONSES[path], response.json())


def test_decisions_of_every_outcome_match_the_document(gateway: str) -> None:
    for cycle_id, model in (("r-1", "qwen"), ("r-2", "qwen"), ("r-1", "deepseek")):
        response = httpx.get(f"{gateway}/api/v1/decisions/{cycle_id}/{model}", timeout=60)
        validate(RESPONSES["/decisions/{cycle_id}/{model}"], response.json())


async def test_pushes_and_snapshots_match_the_document(database_url: str, redis_url: str) -> None:
    push = {"$ref": "#/components/schemas/Push"}
    async with gateway_server(database_url, redis_url, **GATEWAY) as server:
        pushes = await fill_in(server)
        prices = {"BTC": {"price": "1", "mark_price": "1", "time_ms": 1}}
        bodies = [{"channel": each.channel.value, "data": each.data} for each in pushes]
        bodies.append({"channel": Channel.PRICE_UPDATE.value, "data": {"prices": prices}})
        assert {body["channel"] for body in bodies} == {channel.value for channel in Channel}
        for body in bodies:
            validate(push, body | {"seq": 1, "time_ms": 1})
        for channel in Channel:
            message = await server.snapshots.read(channel.value, SystemClock().now_ms())
            body = json.loads(message.text)
            assert len(body["data"]) == 2
            validate(push, body)


async def test_the_document_lists_every_route_and_no_other(database_url: str, redis_url: str) -> None:
    async with gateway_server(database_url, redis_url, **GATEWAY) as server:
        served = await server.get("openapi.json")
        assert served == DOCUMENT
        assert set(served["paths"]) == server.paths
    async with gateway_server(database_url, redis_url) as server:
        assert set((await server.get("openapi.json"))["paths"]) == server.paths


ADD_COLUMN = "CREATE OR REPLACE VIEW {view} AS SELECT old.*, '1.5'::text AS calmar FROM ({definition}) old"


@pytest.mark.parametrize("view", ["api_leaderboard", "api_model_statistics"])
async def test_a_new_column_of_a_statistics_view_is_served(view: str, database_url: str, redis_url: str) -> None:
    async with gateway_server(database_url, redis_url, **GATEWAY) as server:
        await fill_in(server)
        async with server.pool.connection() as connection:
            cursor = await connection.execute("SELECT pg_get_viewdef(%s::regclass)", (view,))
            [definition] = await cursor.fetchone() or ()
            await connection.execute(ADD_COLUMN.format(view=view, definition=definition.rstrip(";")).encode())
        leaderboard, model = await server.get("leaderboard"), await server.get("models/qwen")
        row = leaderboard["leaderboard"][0] if view == "api_leaderboard" else model["statistics"]
        assert row["calmar"] == "1.5"
        validate(RESPONSES["/leaderboard"], leaderboard)
        validate(RESPONSES["/models/{model}"], model)
