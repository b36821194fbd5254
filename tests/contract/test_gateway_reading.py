"""READ_TOKEN: without it, or the cookie made for it, no page, answer or socket is served."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog
from gateway_server import GatewayServer, gateway_server
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.http.auth import MAX_WRONG_PER_MINUTE
from gateway.http.reading import COOKIE

TOKEN = "a-reading-token-of-more-than-32-bytes"
CONTROL = "a-control-token-of-more-than-32-bytes"
HTML = {"Accept": "text/html,application/xhtml+xml"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def gateway(database_url: str, redis_url: str) -> AsyncIterator[GatewayServer]:
    async with gateway_server(database_url, redis_url, read_token=TOKEN, control_token=CONTROL) as running:
        yield running


async def log_in(gateway: GatewayServer, token: str = TOKEN, page: str = "/") -> Any:
    return await gateway.client.post("/login", data={"token": token, "page": page})


async def test_nothing_is_served_without_the_token(gateway: GatewayServer) -> None:
    paths = [path.replace("{model}", "qwen").replace("{symbol}", "BTC") for path in gateway.paths]
    assert len(paths) > 20
    for path in (*paths, "/", "/operations", "/assets/x.js", "/icon.svg", "/readyz", "/nowhere", "/login"):
        answer = await gateway.client.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHORIZED"), path
    assert (await gateway.client.get("/healthz")).status_code == 200


async def test_no_socket_opens_without_the_token(gateway: GatewayServer) -> None:
    address = gateway.url.replace("http", "ws") + "/ws"
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": f"{COOKIE}={TOKEN}"}):
        with pytest.raises(InvalidStatus):
            async with connect(address, additional_headers=headers, proxy=None):
                pass
    async with connect(address, additional_headers=BEARER, proxy=None) as socket:
        assert "hello" in str(await socket.recv())


async def test_a_browser_gets_a_form_and_by_it_a_cookie_for_all(gateway: GatewayServer) -> None:
    form = await gateway.client.get("/models/qwen", headers=HTML)
    assert (form.status_code, form.headers["cache-control"]) == (401, "no-store")
    assert 'name="page" type="hidden" value="/models/qwen"' in form.text
    answer = await log_in(gateway, page="/models/qwen")
    assert (answer.status_code, answer.headers["location"]) == (303, "/models/qwen")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert TOKEN not in cookie
    assert (await gateway.client.get("/api/v1/accounts")).status_code == 200
    address = gateway.url.replace("http", "ws") + "/ws"
    own = {"Cookie": f"{COOKIE}={gateway.client.cookies[COOKIE]}"}
    async with connect(address, additional_headers=own, proxy=None) as socket:
        assert "hello" in str(await socket.recv())


async def test_a_link_with_the_token_is_answered_by_one_without(gateway: GatewayServer) -> None:
    answer = await gateway.client.get("/leaderboard", params={"token": TOKEN}, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/leaderboard")
    assert (await gateway.client.get("/api/v1/accounts")).status_code == 200


async def test_a_program_reads_with_a_bearer_token(gateway: GatewayServer) -> None:
    assert (await gateway.client.get("/api/v1/accounts", headers=BEARER)).status_code == 200
    assert (await gateway.client.get("/api/v1/accounts")).status_code == 401


@pytest.mark.parametrize(
    "page", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y", "/login", ""]
)
async def test_the_form_leads_to_no_other_server(gateway: GatewayServer, page: str) -> None:
    answer = await log_in(gateway, page=page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_the_form_shows_no_markup_of_the_address(gateway: GatewayServer) -> None:
    answer = await gateway.client.get('/"><script>alert(1)</script>', headers=HTML)
    assert answer.status_code == 401
    assert "<script" not in answer.text


async def test_guesses_are_limited_but_never_the_owner(gateway: GatewayServer) -> None:
    with structlog.testing.capture_logs() as lines:
        statuses = [(await log_in(gateway, "guess")).status_code for _ in range(MAX_WRONG_PER_MINUTE + 2)]
    assert statuses == [401] * MAX_WRONG_PER_MINUTE + [429] * 2
    assert {line["setting"] for line in lines} == {"READ_TOKEN"}
    assert "guess" not in str(lines)
    assert (await log_in(gateway)).status_code == 303


async def test_a_page_without_the_right_fills_no_log(gateway: GatewayServer) -> None:
    with structlog.testing.capture_logs() as lines:
        for _ in range(MAX_WRONG_PER_MINUTE + 2):
            assert (await gateway.client.get("/api/v1/prices")).status_code == 401
    assert lines == []


async def test_the_cookie_of_another_token_is_void(gateway: GatewayServer, database_url: str, redis_url: str) -> None:
    await log_in(gateway)
    cookie = {"Cookie": f"{COOKIE}={gateway.client.cookies[COOKIE]}"}
    async with gateway_server(database_url, redis_url, read_token=TOKEN[::-1]) as other:
        assert (await other.client.get("/api/v1/accounts", headers=cookie)).status_code == 401


async def test_reading_gives_no_command_and_a_command_needs_no_reading(gateway: GatewayServer) -> None:
    control = "/api/v1/control/halt"
    assert (await gateway.client.post(control, headers=BEARER)).status_code == 401
    assert gateway.published == []
    own = {"Authorization": f"Bearer {CONTROL}"}
    assert (await gateway.client.post(control, headers=own)).status_code == 202
    assert (await gateway.client.get("/api/v1/accounts", headers=own)).status_code == 401


async def test_log_lines_need_their_own_token_alone(gateway: GatewayServer) -> None:
    own = {"Authorization": f"Bearer {CONTROL}"}
    assert (await gateway.client.get("/api/v1/logs", headers=own)).status_code == 200
    assert (await gateway.client.get("/api/v1/logs", headers=BEARER)).status_code == 401
