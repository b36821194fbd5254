"""The ASGI app: health, pages, unknown paths in the one error shape, security headers everywhere."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.websockets import WebSocket

from common.runtime.health import Readiness
from gateway.http.app import PAGES, create_app


async def refuse_socket(socket: WebSocket) -> None:
    await socket.close()


def client(web_dir: Path, readiness: Readiness | None = None) -> httpx.AsyncClient:
    service: Any = SimpleNamespace(readiness=readiness or Readiness())
    transport = httpx.ASGITransport(create_app(service, refuse_socket, [], web_dir))
    return httpx.AsyncClient(transport=transport, base_url="http://gateway")


@pytest.fixture
def web_dir(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<html></html>", encoding="utf-8")
    (tmp_path / "assets" / "index-1.js").write_text("1", encoding="utf-8")
    return tmp_path


async def test_every_page_is_the_index_and_is_not_cached(web_dir: Path) -> None:
    async with client(web_dir) as http:
        for page in PAGES:
            response = await http.get(page.format(model="qwen", cycle_id="c", part="duel"))
            assert (response.status_code, response.text) == (200, "<html></html>")
            assert response.headers["cache-control"] == "no-cache"


async def test_hashed_files_are_cached_for_ever(web_dir: Path) -> None:
    async with client(web_dir) as http:
        response = await http.get("/assets/index-1.js")
        assert "immutable" in response.headers["cache-control"]
        assert "script-src 'self'" in response.headers["content-security-policy"]


async def test_an_unbuilt_dashboard_says_how_to_build_it(tmp_path: Path) -> None:
    async with client(tmp_path / "nowhere") as http:
        response = await http.get("/")
        assert response.status_code == 503
        assert "make setup" in response.text


async def test_unknown_api_paths_and_methods_have_the_error_shape(web_dir: Path) -> None:
    async with client(web_dir) as http:
        assert (await http.get("/api/v1/unknown")).json()["error"]["code"] == "NOT_FOUND"
        assert (await http.post("/healthz")).json()["error"]["code"] == "METHOD_NOT_ALLOWED"


async def test_an_unknown_address_is_a_page_for_a_browser_and_json_for_a_program(web_dir: Path) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml"}
    async with client(web_dir) as http:
        response = await http.get("/nope", headers=browser)
        assert (response.status_code, response.text) == (404, "<html></html>")
        for path, headers in (("/nope", {}), ("/assets/nope.js", browser), ("/api/v1/nope", browser)):
            response = await http.get(path, headers=headers)
            assert (response.status_code, response.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_readiness_lists_unmet_conditions(web_dir: Path) -> None:
    readiness = Readiness()
    readiness.set("start", True)
    readiness.set("pushes", False, "Redis does not answer")
    async with client(web_dir, readiness) as http:
        response = await http.get("/readyz")
        assert response.status_code == 503
        assert response.json()["reasons"] == {"pushes": "Redis does not answer"}
        assert (await http.get("/healthz")).status_code == 200
