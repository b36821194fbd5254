"""What every POST passes first: the bearer token, the body's limit, the body's fields."""

from typing import Any

import pytest
import structlog
from manual_clock import ManualClock
from pydantic import BaseModel, SecretStr
from starlette.requests import Request

from gateway.http.auth import MAX_WRONG_PER_MINUTE, BearerCheck, parse_body, read_body
from gateway.http.errors import ApiError

TOKEN = SecretStr("right")


class Body(BaseModel):
    count: int


def request(authorization: str | None, parts: tuple[bytes, ...] = ()) -> Request:
    """A request as uvicorn hands it over, its body in these parts."""
    headers = [] if authorization is None else [(b"authorization", authorization.encode())]
    messages: list[Any] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Any:
        return messages.pop(0)

    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)


@pytest.mark.parametrize("authorization", ["Bearer right", "bearer right", "Bearer  right "])
def test_the_right_token_passes(authorization: str) -> None:
    BearerCheck(ManualClock(), structlog.get_logger()).check(request(authorization), TOKEN, "CONTROL_TOKEN")


@pytest.mark.parametrize("authorization", [None, "", "right", "Bearer", "Bearer wrong", "Basic right"])
def test_any_other_header_is_a_401_that_names_the_setting(authorization: str | None) -> None:
    with pytest.raises(ApiError, match="CONTROL_TOKEN") as caught:
        BearerCheck(ManualClock(), structlog.get_logger()).check(request(authorization), TOKEN, "CONTROL_TOKEN")
    assert caught.value.status == 401


async def test_a_body_is_joined_and_one_over_the_limit_is_refused() -> None:
    assert await read_body(request(None, (b"ab", b"cd")), 4) == b"abcd"
    with pytest.raises(ApiError) as caught:
        await read_body(request(None, (b"ab", b"cde")), 4)
    assert caught.value.status == 413


def test_a_wrong_field_is_a_400_that_names_it() -> None:
    assert parse_body(Body, b'{"count": 3}').count == 3
    with pytest.raises(ApiError, match=r"^count: ") as caught:
        parse_body(Body, b'{"count": "x"}')
    assert (caught.value.status, caught.value.code) == (400, "BAD_BODY")


def test_wrong_tokens_are_counted_by_address_and_forgotten_after_a_minute() -> None:
    clock = ManualClock()
    bearer = BearerCheck(clock, structlog.get_logger())

    def status() -> int:
        with pytest.raises(ApiError) as caught:
            bearer.check(request("Bearer wrong"), TOKEN, "CONTROL_TOKEN")
        return caught.value.status

    assert [status() for _ in range(MAX_WRONG_PER_MINUTE)] == [401] * MAX_WRONG_PER_MINUTE
    assert status() == 429
    clock.ms += 60_000
    assert status() == 401


async def test_a_body_that_ends_too_early_is_a_400() -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    with pytest.raises(ApiError, match="ended") as caught:
        await read_body(Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive), 4)
    assert caught.value.status == 400
