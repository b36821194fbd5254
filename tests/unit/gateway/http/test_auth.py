"""What every POST passes first: the bearer token, the body's limit, the body's fields."""

from typing import Any

import pytest
from pydantic import BaseModel, SecretStr
from starlette.requests import Request

from gateway.http.auth import check_bearer, parse_body, read_body
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
    check_bearer(request(authorization), TOKEN, "CONTROL_TOKEN")


@pytest.mark.parametrize("authorization", [None, "", "right", "Bearer", "Bearer wrong", "Basic right"])
def test_any_other_header_is_a_401_that_names_the_setting(authorization: str | None) -> None:
    with pytest.raises(ApiError, match="CONTROL_TOKEN") as caught:
        check_bearer(request(authorization), TOKEN, "CONTROL_TOKEN")
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
