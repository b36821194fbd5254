"""Holes that comparable projects had in public, each tried at this port."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from gateway_server import DEFAULT, GatewayServer, fill_market_cache, gateway_server

TOKEN = "a-control-token-of-more-than-32-bytes"
SECRETS = ("redis_url", "database_url", "private", "password", "api_key", TOKEN)


def filled(path: str) -> str:
    """A path with a contender, a coin, or any id in place of its parameters."""
    values = {"{model}": "qwen", "{symbol}": "BTC"}
    return re.sub(r"{\w+}", lambda found: values.get(found[0], "c"), path)


@pytest.fixture
async def gateway(database_url: str, redis_url: str, tmp_path: Any) -> AsyncIterator[GatewayServer]:
    web = tmp_path / "dist"
    web.mkdir()
    (web / "index.html").write_text("page", encoding="utf-8")
    (tmp_path / ".env").write_text("CONTROL_TOKEN=secret", encoding="utf-8")
    (web / "link").symlink_to(tmp_path / ".env")
    async with gateway_server(database_url, redis_url, web_dir=web, control_token=TOKEN) as running:
        yield running


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_no_public_route_changes_anything(gateway: GatewayServer, method: str) -> None:
    """Default-open routes: of all paths only those with a token take anything but a GET."""
    for path in sorted(gateway.paths):
        answer = await gateway.client.request(method, filled(path))
        is_command = "/control/" in path and method == "POST"
        assert answer.status_code in ((401,) if is_command else (404, 405)), path
    assert gateway.published == []


async def test_without_a_token_there_are_no_commands(database_url: str, redis_url: str) -> None:
    """Default secrets: a token that is not set is not a known one; its routes don't exist."""
    async with gateway_server(database_url, redis_url) as gateway:
        for command in ("control/halt", "control/resume", "control/flatten", "alerts"):
            for token in ("None", "null", "changeme", "x" * 32):
                headers = {"Authorization": f"Bearer {token}"}
                answer = await gateway.client.post(f"/api/v1/{command}", headers=headers, json={})
                assert answer.status_code == 404
        assert gateway.published == []


async def test_answers_hold_no_settings(gateway: GatewayServer) -> None:
    """Keys in answers: no route returns a setting that is private, under whichever name."""
    await fill_market_cache(gateway.redis, tuple(symbol.value for symbol in DEFAULT.coins))
    for path in sorted(gateway.paths):
        answer = await gateway.client.get(filled(path))
        if not path.endswith(("openapi.json", "readme")):
            assert not [word for word in SECRETS if word in answer.text.lower()], path


async def test_no_route_decrypts_signs_or_echoes(gateway: GatewayServer) -> None:
    """Decrypt oracles: nothing at this port takes a ciphertext, a key or a message to sign."""
    for path in ("crypto/decrypt", "decrypt", "sign", "keys", "config", "settings", "env", "debug", "models"):
        for method in ("GET", "POST"):
            answer = await gateway.client.request(method, f"/api/v1/{path}", content=json.dumps({"data": "x"}))
            assert answer.status_code in (404, 405), path


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_no_other_site_may_read_an_answer(gateway: GatewayServer, origin: str) -> None:
    """Open CORS."""
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answer = await gateway.client.request(method, "/api/v1/accounts", headers=headers)
        assert [name for name in answer.headers if name.startswith("access-control-")] == []


@pytest.mark.parametrize(
    "path",
    ["/../.env", "/%2e%2e/.env", "/..%2f.env", "/assets/..%2f..%2f.env", "/.%00/../.env", "//etc/passwd", "/link"],
)
async def test_no_file_outside_the_page_is_served(gateway: GatewayServer, path: str) -> None:
    """Traversal, also by a link that somebody laid into the page's folder."""
    answer = await gateway.client.get(gateway.url + path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


async def test_no_parameter_is_an_address_that_is_fetched(gateway: GatewayServer) -> None:
    """SSRF: parameters are names from the roster, numbers and cursors; an address is refused or ignored."""
    address = f"{gateway.url}/healthz"
    before = await gateway.client.get("/api/v1/trades")
    for name in ("url", "callback", "webhook", "host", "endpoint", "base_url"):
        answer = await gateway.client.get("/api/v1/trades", params={name: address})
        assert answer.json() == before.json()
    for name in ("model", "symbol", "before"):
        answer = await gateway.client.get("/api/v1/trades", params={name: address})
        assert answer.status_code == 400


async def test_nothing_is_private_to_a_reader(gateway: GatewayServer) -> None:
    """IDOR: ids address rows that every reader may see; one that is not a contender's is refused by its name."""
    for model in ("admin", "../qwen", "qwen'--", "*", "0"):
        answer = await gateway.client.get("/api/v1/positions", params={"model": model})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BAD_PARAMETER")
