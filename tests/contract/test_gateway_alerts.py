"""Alertmanager's webhook: a real Alertmanager sends an alert, and it becomes a system.alert once."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import structlog
import uvicorn
import yaml
from harness import eventually
from pydantic import SecretStr
from starlette.applications import Starlette

from aicoin_local.stores import free_port
from common.events import AlertSeverity, Event, SystemAlert
from common.runtime.roster import read_roster
from gateway.control.alertmanager import AlertRoutes

TOKEN = "only-for-this-test"
CONFIG = Path(__file__).parents[2] / "deploy" / "alertmanager" / "alertmanager.yml"
INSTALL = "apt-get install -y --no-install-recommends prometheus-alertmanager"


@dataclass
class Gateway:
    """The route on a socket of its own; `events` is what was published."""

    url: str = ""
    events: list[Event[SystemAlert]] = field(default_factory=list)
    notified: asyncio.Event = field(default_factory=asyncio.Event)

    async def publish(self, *events: Event[SystemAlert]) -> None:
        self.events += events
        self.notified.set()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    found = Gateway()
    clock = SimpleNamespace(now_ms=lambda: 1_795_400_000_000, monotonic=lambda: 0.0)
    service: Any = SimpleNamespace(publish=found.publish, clock=clock, log=structlog.get_logger())
    app = Starlette(routes=AlertRoutes(service, SecretStr(TOKEN), read_roster(None)).routes())
    running = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="warning"))
    serving = asyncio.create_task(running.serve())
    await eventually("the server", lambda: running.started)
    found.url = f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}/api/v1/alerts"
    yield found
    running.should_exit = True
    await serving


def alert(**changes: Any) -> dict[str, Any]:
    labels = {"alertname": "ServiceDown", "service": "risk", "severity": "critical", "model": "qwen"}
    body = {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": "risk is down"},
        "startsAt": "2026-11-24T00:00:00Z",
        "fingerprint": "00ff",
    }
    return body | changes


async def post(gateway: Gateway, body: Any, token: str = TOKEN) -> httpx.Response:
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.post(gateway.url, json=body, headers={"Authorization": f"Bearer {token}"})


async def test_an_occurrence_keeps_its_id_its_end_has_another(gateway: Gateway) -> None:
    for status in ("firing", "firing", "resolved"):
        assert (await post(gateway, {"alerts": [alert(status=status)]})).status_code == 202
    first, repeated, resolved = gateway.events
    assert first.id == repeated.id != resolved.id
    data = first.data
    assert (data.code, data.service, data.model, data.severity) == (
        "ServiceDown",
        "risk",
        "qwen",
        AlertSeverity.CRITICAL,
    )
    assert (resolved.data.message, resolved.data.severity) == ("resolved: risk is down", AlertSeverity.INFO)


async def test_wrong_tokens_and_bodies_are_refused_by_name(gateway: Gateway) -> None:
    assert (await post(gateway, {"alerts": [alert()]}, token="wrong")).status_code == 401
    for body, named in (({"alerts": [alert(status="odd")]}, "alerts.0.status"), ({}, "alerts"), ([], "the body")):
        answer = await post(gateway, body)
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith(f"{named}: ")
    assert gateway.events == []


async def test_alertmanager_as_deployed_reaches_the_gateway(gateway: Gateway, tmp_path: Path) -> None:
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        message = f"Alertmanager is missing: {INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    config["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    [webhook] = config["receivers"][0]["webhook_configs"]
    assert webhook["url"] == "http://gateway:8080/api/v1/alerts"
    webhook["url"] = gateway.url
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    webhook["http_config"]["authorization"]["credentials_file"] = str(tmp_path / "token")
    (tmp_path / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        program,
        f"--config.file={tmp_path / 'config.yml'}",
        f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(timeout=60) as client, asyncio.timeout(60):
            labels = {"alertname": "ServiceDown", "service": "risk", "severity": "critical"}
            body = [{"labels": labels, "annotations": {"summary": "risk is down"}}]

            async def post() -> httpx.Response | None:
                with suppress(httpx.TransportError):
                    return await client.post(f"http://{address}/api/v2/alerts", json=body)
                return None

            (await eventually("Alertmanager", post)).raise_for_status()
            await gateway.notified.wait()
    finally:
        process.terminate()
        await process.wait()
    [event] = gateway.events
    assert (event.data.code, event.data.service, event.data.message) == ("ServiceDown", "risk", "risk is down")
