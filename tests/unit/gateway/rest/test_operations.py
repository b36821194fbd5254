"""GET operations over real stores: presences of every service of the roster, lags, dead letters."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from gateway_server import THREE_AND_SEVEN, GatewayServer, gateway_server

from common.runtime.clock import SystemClock
from common.runtime.health import Readiness
from common.runtime.presence import MISSING_AFTER_MS, Presence
from gateway.rest.operations import START_LIMIT_MS, service_row

NOW_MS = 1_795_455_000_000


class ShiftedClock(SystemClock):
    """The system's time, shifted."""

    def __init__(self, shift_ms: int) -> None:
        self._shift_ms = shift_ms

    def now_ms(self) -> int:
        return super().now_ms() + self._shift_ms


@pytest.fixture
async def server(database_url: str, redis_url: str) -> AsyncIterator[GatewayServer]:
    async with gateway_server(database_url, redis_url, THREE_AND_SEVEN) as running:
        await running.bus.prepare("recorder", ["order.filled"])
        yield running


async def test_every_service_of_the_roster_is_listed(server: GatewayServer) -> None:
    names = [row["name"] for row in (await server.get("operations"))["services"]]
    agents = ["agent-deepseek", "agent-qwen", "agent-llama"]
    assert names == ["ingester", *agents, "risk", "executor", "recorder", "gateway", "notifier"]


async def test_an_old_presence_counts_as_not_ready(server: GatewayServer) -> None:
    ready = Readiness()
    ready.set("start", True)
    await Presence("risk", server.bus, SystemClock(), ready).write()
    await Presence("executor", server.bus, ShiftedClock(-MISSING_AFTER_MS - 1_000), ready).write()
    services = {row["name"]: row for row in (await server.get("operations"))["services"]}
    assert (services["risk"]["ready"], services["risk"]["reason"]) == (True, None)
    assert services["executor"]["ready"] is False
    assert services["executor"]["reason"].startswith("no presence for")
    assert services["recorder"]["reason"] == "no presence yet"


def presence(
    heard_ms: int | None, *, ready: bool = True, reasons: dict[str, str] | None = None
) -> dict[str, Any] | None:
    if heard_ms is None:
        return None
    return {"ready": ready, "reasons": reasons or {}, "started_ms": 0, "time_ms": heard_ms}


@pytest.mark.parametrize(
    ("found", "uptime_ms", "state"),
    [
        (presence(NOW_MS), 0, "READY"),
        (presence(NOW_MS, ready=False, reasons={"start": "starting"}), 10**9, "STARTING"),
        (presence(NOW_MS, ready=False, reasons={"market": "waiting"}), 10**9, "NOT_READY"),
        (presence(None), START_LIMIT_MS, "STARTING"),
        (presence(None), START_LIMIT_MS + 1, "SILENT"),
        (presence(NOW_MS - 3_600_000), 5_000, "STARTING"),  # From before the start.
        (presence(NOW_MS - MISSING_AFTER_MS - 1), START_LIMIT_MS, "SILENT"),  # Heard since the start, then no more.
    ],
)
def test_a_service_not_yet_heard_after_a_start_is_starting(
    found: dict[str, Any] | None, uptime_ms: int, state: str
) -> None:
    row = service_row("risk", found, NOW_MS - uptime_ms, NOW_MS)
    assert (row["state"], row["ready"]) == (state, state == "READY")


async def test_streams_have_their_groups_and_dead_letters_their_count(server: GatewayServer) -> None:
    await server.redis.xadd("order.filled", {"event": "x"})
    await server.redis.xadd("order.filled.dead", {"dead_reason": "x"})
    operations = await server.get("operations")
    [filled] = [row for row in operations["streams"] if row["stream"] == "order.filled"]
    assert filled == {
        "stream": "order.filled",
        "length": 1,
        "groups": [{"name": "recorder", "lag": 1, "pending": 0}],
    }
    assert operations["dead_letters"] == [{"stream": "order.filled", "count": 1}]
