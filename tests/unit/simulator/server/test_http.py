"""What a web page needs of the port: the browser's preflight, and leave to read every answer."""

from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from simulator.server.http import Server
from simulator.server.storage.store import Store
from simulator.testing.new_world import new_world

NOW_MS = 1_795_400_000_000
ORIGIN = {"Origin": "https://page.example"}


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(new_world(1, NOW_MS), Store(tmp_path), lambda: NOW_MS, {})


def client_of(server: Server) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(server.app), base_url="http://simulator")


@pytest.mark.parametrize("path", ["/info", "/exchange"])
async def test_a_preflight_is_answered(server: Server, path: str) -> None:
    asked = ORIGIN | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    async with client_of(server) as client:
        answer = await client.options(path, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize(("kind", "status"), [("allMids", 200), ("unknown", 422)])
async def test_a_page_may_read_answers_and_refusals(server: Server, kind: str, status: int) -> None:
    async with client_of(server) as client:
        answer = await client.post("/info", json={"type": kind}, headers=ORIGIN)
    assert answer.status_code == status
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
