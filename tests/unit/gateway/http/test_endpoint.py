"""GET routes: one error shape; 503 for an unavailable store; a bug stays a bug."""

import httpx
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.http.endpoint import get_route
from gateway.http.errors import ApiError


async def get(outcome: Exception | None) -> httpx.Response:
    async def respond(request: Request) -> Response:
        if outcome is not None:
            raise outcome
        return JSONResponse({"fine": True})

    transport = httpx.ASGITransport(Starlette(routes=[get_route("/thing", respond)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.get("/api/v1/thing")


async def test_a_response_passes_through() -> None:
    assert (await get(None)).json() == {"fine": True}


async def test_an_api_error_has_its_status_and_code() -> None:
    response = await get(ApiError(404, "NOT_FOUND", "there is none"))
    assert response.status_code == 404
    assert response.json() == {"error": {"code": "NOT_FOUND", "message": "there is none"}}


async def test_an_unavailable_store_is_a_503() -> None:
    response = await get(RedisConnectionError("refused"))
    assert (response.status_code, response.json()["error"]["code"]) == (503, "UNAVAILABLE")


async def test_any_other_exception_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        await get(ZeroDivisionError())
