"""The start's question to the provider: a refused key, a model that isn't listed, one that has been replaced."""

import dataclasses
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import structlog
from manual_clock import ManualClock

from agent_deepseek.config import PROFILE as DEEPSEEK
from agent_qwen.config import PROFILE as QWEN
from common.agent.model_check import check_model
from common.agent.providers.port import ModelClient
from common.agent.settings import agent_settings
from common.bus.redis_streams import RedisBus, read_entry
from common.events import SystemAlert
from common.runtime.service import Service
from simulator.server.models.app import create_models_app
from support.model_servers import CLIENTS, ROSTER, Reply, deepseek, endless, endpoint, qwen, raw_server, serving, whole

PROFILES = {deepseek: DEEPSEEK, qwen: QWEN}


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[RedisBus]:
    bus = RedisBus(redis_url)
    await bus.client.flushdb()
    yield bus
    await bus.close()


@pytest.fixture
async def stand_ins() -> AsyncIterator[str]:
    """Endpoints that speak as the providers do."""
    async with serving(create_models_app()) as url:
        yield url


async def checked(
    bus: RedisBus, make: Callable[..., Any], url: str, model: str, *, stand_in: bool = False
) -> tuple[list[str], str | None]:
    """The messages of the alerts at a start with that model, and why the model isn't ready."""
    profile = PROFILES[make]
    contender = ROSTER.contender(str(profile.contender))
    settings = agent_settings(contender, profile)(metrics_port=0)
    service = Service(contender.agent, settings, bus, ManualClock(), structlog.get_logger(), lease=False)
    client: ModelClient = make(url, model)
    target = endpoint(profile, url, model)
    if stand_in:
        target = dataclasses.replace(target, stand_in=True)
    await check_model(service, client, contender=contender, endpoint=target, profile=profile)
    await client.close()
    entries: Any = await bus.client.xrange(SystemAlert.TYPE)
    alerts = [read_entry(SystemAlert.TYPE, fields).data for _, fields in entries]
    assert all(alert.code == "MODEL_CHECK" and alert.model == contender.id for alert in alerts)
    return [alert.message for alert in alerts], service.readiness.unmet.get("model")


@pytest.mark.parametrize(("make", "model"), [(deepseek, "deepseek-flash"), (qwen, "qwen3.8-flash")])
async def test_a_listed_model_is_no_finding(
    bus: RedisBus, stand_ins: str, make: Callable[..., Any], model: str
) -> None:
    assert await checked(bus, make, stand_ins, model) == ([], None)


@pytest.mark.parametrize(
    ("make", "model", "setting"),
    [(deepseek, "unlisted", "DEEPSEEK_MODEL"), (qwen, "unlisted", "QWEN_MODEL")],
)
async def test_a_model_that_is_not_listed_is_not_ready(
    bus: RedisBus, stand_ins: str, make: Callable[..., Any], model: str, setting: str
) -> None:
    [message], unready = await checked(bus, make, stand_ins, model)
    assert message == unready
    assert "'unlisted'" in message
    assert setting in message


@pytest.mark.parametrize(
    ("make", "model", "instead"),
    [(deepseek, "deepseek-chat", "use deepseek-flash"), (qwen, "qwen-max", "use qwen3.8-max")],
)
async def test_a_replaced_model_is_named_with_its_replacement(
    bus: RedisBus, stand_ins: str, make: Callable[..., Any], model: str, instead: str
) -> None:
    [message], _ = await checked(bus, make, stand_ins, model)
    assert instead in message
    assert "_MODEL, or model in arena.toml" in message


REFUSED = b'{"code": "InvalidApiKey", "message": "Invalid API-key provided."}'


@pytest.mark.parametrize("make", CLIENTS)
async def test_a_refused_key_is_not_ready(bus: RedisBus, make: Callable[..., Any]) -> None:
    async with raw_server(whole(REFUSED, head=b"HTTP/1.1 401 Unauthorized\r\n")) as url:
        [message], unready = await checked(bus, make, url, "qwen-plus")
    assert message == unready
    assert "_API_KEY" in message


@pytest.mark.parametrize("make", CLIENTS)
@pytest.mark.parametrize(
    "reply",
    [
        whole(b"", head=b"HTTP/1.1 404 Not Found\r\n"),
        whole(b"", head=b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\n"),
        whole(b"<html>"),
        whole(b'{"data": 7, "output": []}'),
        whole(b'{"data": [{}, 3], "output": {"models": "x"}}'),
        whole(b'{"data": [{"id": "m:latest"}, {"id": "n:latest"}]}'),
        whole(b'{"data": [{"id": "/models/gemma3.gguf"}]}'),
        endless(b"x" * 65_536, pause_s=0),
    ],
)
async def test_what_a_server_does_not_say_is_no_finding(bus: RedisBus, make: Callable[..., Any], reply: Reply) -> None:
    async with raw_server(reply) as url:
        assert await checked(bus, make, url, "m") == ([], None)


@pytest.mark.parametrize("make", CLIENTS)
async def test_an_absent_network_and_a_stand_in_are_no_finding(bus: RedisBus, make: Callable[..., Any]) -> None:
    assert await checked(bus, make, "http://127.0.0.1:9", "m") == ([], None)
    assert await checked(bus, make, "http://127.0.0.1:9", "qwen-max", stand_in=True) == ([], None)
