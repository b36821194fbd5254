"""Control commands: what is accepted, and what is refused by name, over the real routes."""

from types import SimpleNamespace
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from starlette.applications import Starlette

from common.events import Command, ControlCommand, Event
from common.runtime.roster import read_roster
from gateway.control.commands import ControlRoutes


class Bus:
    """Takes the service's place: records what is published."""

    def __init__(self) -> None:
        self.events: list[Event[ControlCommand]] = []
        self.clock = SimpleNamespace(now_ms=lambda: 1_795_400_000_000, monotonic=lambda: 0.0)
        self.log = SimpleNamespace(warning=lambda *args, **fields: None)

    async def publish(self, *events: Event[ControlCommand]) -> None:
        self.events += events


@pytest.fixture
def bus() -> Bus:
    return Bus()


TOKEN, RESUME = SecretStr("right"), SecretStr("right to resume")


def client_of(bus: Bus, resume_token: SecretStr | None, token: str) -> AsyncClient:
    control = ControlRoutes(bus, TOKEN, resume_token, read_roster(None))  # type: ignore[arg-type]
    transport = ASGITransport(Starlette(routes=control.routes()))
    headers = {"Authorization": f"Bearer {token}"}
    return AsyncClient(transport=transport, base_url="http://gateway", headers=headers)


@pytest.fixture
def client(bus: Bus) -> AsyncClient:
    return client_of(bus, TOKEN, "right")


async def test_a_command_is_published_with_its_reason(client: AsyncClient, bus: Bus) -> None:
    answer = await client.post("/api/v1/control/halt", json={"model": "qwen", "reason": "too wild"})
    assert answer.status_code == 202
    [event] = bus.events
    assert (event.data.command, event.data.model, event.data.reason) == (Command.HALT, "qwen", "too wild")


async def test_a_command_without_a_body_concerns_every_contender(client: AsyncClient, bus: Bus) -> None:
    assert (await client.post("/api/v1/control/flatten")).status_code == 202
    assert bus.events[0].data.model is None


async def test_a_flatten_halts_as_well_where_it_says_so(client: AsyncClient, bus: Bus) -> None:
    answer = await client.post("/api/v1/control/flatten", json={"model": "qwen", "halt": True})
    assert [(event.data.command, event.data.model) for event in bus.events] == [
        (Command.HALT, "qwen"),
        (Command.FLATTEN, "qwen"),
    ]
    assert answer.json() == {"accepted": "flatten", "model": "qwen", "id": bus.events[1].id}


async def test_a_close_names_the_position(client: AsyncClient, bus: Bus) -> None:
    answer = await client.post("/api/v1/control/close", json={"model": "qwen", "symbol": "ETH"})
    assert answer.status_code == 202
    [event] = bus.events
    assert (event.data.command, event.data.model, event.data.symbol) == (Command.CLOSE, "qwen", "ETH")
    assert (event.data.side, event.data.entry_cycle_id) == (None, None)


@pytest.mark.parametrize(("cycle_id", "entry"), [("c7", "c7"), (None, "")])
async def test_a_close_names_the_very_position(client: AsyncClient, bus: Bus, cycle_id: str | None, entry: str) -> None:
    body = {"model": "qwen", "symbol": "ETH", "side": "LONG", "cycle_id": cycle_id}
    assert (await client.post("/api/v1/control/close", json=body)).status_code == 202
    assert (bus.events[0].data.side, bus.events[0].data.entry_cycle_id) == ("LONG", entry)


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("close", {}),
        ("close", {"model": "qwen"}),
        ("close", {"symbol": "ETH"}),
        ("close", {"model": "qwen", "symbol": "PEPE"}),
        ("close", {"model": "qwen", "symbol": "ETH", "halt": True}),
        ("halt", {"model": "qwen", "symbol": "ETH"}),
        ("halt", {"model": "qwen", "side": "LONG"}),
        ("flatten", {"cycle_id": None}),
        ("flatten", {"symbol": "ETH"}),
    ],
)
async def test_a_close_without_its_position_is_refused(
    client: AsyncClient, bus: Bus, command: str, body: dict[str, Any]
) -> None:
    assert (await client.post(f"/api/v1/control/{command}", json=body)).status_code == 400
    assert bus.events == []


@pytest.mark.parametrize("header", ["", "right", "Bearer wrong", "Bearer ", "Basic right", "Bearer right right"])
async def test_a_command_without_the_token_is_refused(client: AsyncClient, bus: Bus, header: str) -> None:
    answer = await client.post("/api/v1/control/halt", headers={"Authorization": header})
    assert answer.status_code == 401
    assert bus.events == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b'{"modle":"qwen"}', "modle"),
        (b'{"model":"gpt"}', "model"),
        (b'{"model":7}', "model"),
        (b'{"halt":true}', "halt"),
        (b'{"halt":1}', "halt"),
        (b'{"reason":"x\\u0000y"}', "reason"),
        (b'{"reason":"\\ud800"}', "the body"),
        (b'{"reason":"%s"}' % (b"x" * 201), "reason"),
        (b"[]", "the body"),
        (b"{", "the body"),
        (b"[" * 4000, "the body"),
        (b"\xff", "the body"),
    ],
)
async def test_a_bad_body_is_refused_by_name(client: AsyncClient, bus: Bus, body: bytes, named: str) -> None:
    answer = await client.post("/api/v1/control/halt", content=body)
    error: dict[str, Any] = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "BAD_BODY")
    assert error["message"].startswith(f"{named}: ")
    assert bus.events == []


async def test_a_too_big_body_is_refused(client: AsyncClient, bus: Bus) -> None:
    assert (await client.post("/api/v1/control/halt", content=b" " * 1_000_000)).status_code == 413
    assert bus.events == []


@pytest.mark.parametrize(("token", "status"), [("right", 401), ("right to resume", 202), ("wrong", 401)])
async def test_resuming_takes_a_token_of_its_own(bus: Bus, token: str, status: int) -> None:
    answer = await client_of(bus, RESUME, token).post("/api/v1/control/resume")
    assert answer.status_code == status
    assert len(bus.events) == (1 if status == 202 else 0)


async def test_the_right_to_resume_gives_no_other(bus: Bus) -> None:
    assert (await client_of(bus, RESUME, "right to resume").post("/api/v1/control/halt")).status_code == 401
    assert (await client_of(bus, RESUME, "right").post("/api/v1/control/halt")).status_code == 202


async def test_without_the_right_a_resume_is_refused_by_name(bus: Bus) -> None:
    answer = await client_of(bus, None, "right").post("/api/v1/control/resume")
    assert answer.status_code == 403
    assert "RESUME_TOKEN" in answer.text
    assert bus.events == []
