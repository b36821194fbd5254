"""GET logs: the lines that services wrote, for whoever has the control token."""

import json

from gateway_server import gateway_server

from common.bus.port import Bus
from common.runtime.clock import SystemClock
from common.runtime.health import Readiness
from common.runtime.logs import configure_logs, latest_lines
from common.runtime.presence import Presence

TOKEN = "t" * 32


async def test_the_last_lines_are_shown_to_operators_alone(database_url: str, redis_url: str) -> None:
    async with gateway_server(database_url, redis_url, control_token=TOKEN) as server:
        latest_lines.clear()
        log = configure_logs("risk", "INFO")
        for number in range(25):
            log.info("a line", number=number)
        log.debug("not logged")
        bus: Bus = server.bus
        await Presence("risk", bus, SystemClock(), Readiness()).write()
        await server.redis.set("log:executor", "no list")
        assert (await server.client.get("/api/v1/logs")).status_code == 401
        answer = await server.client.get("/api/v1/logs", headers={"Authorization": f"Bearer {TOKEN}"})
        services = {row["name"]: row["lines"] for row in answer.json()["services"]}
        assert [json.loads(line)["number"] for line in services["risk"]] == list(range(5, 25))
        assert services["executor"] == services["recorder"] == []
    async with gateway_server(database_url, redis_url) as server:
        assert (await server.client.get("/api/v1/logs")).status_code == 404
