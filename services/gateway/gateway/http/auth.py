"""What every POST passes first: the bearer token, and a body read no further than its limit."""

import hmac
from typing import TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from starlette.requests import Request

from gateway.http.errors import ApiError

Body = TypeVar("Body", bound=BaseModel)


def check_bearer(request: Request, token: SecretStr, setting: str) -> None:
    """Compares in constant time. Raises ApiError 401, naming the setting whose value is expected."""
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    is_same = hmac.compare_digest(presented.strip().encode(), token.get_secret_value().encode())
    if scheme.lower() != "bearer" or not is_same:
        raise ApiError(401, "UNAUTHORIZED", f"send Authorization: Bearer with the {setting}")


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The body. Raises ApiError 413 as soon as it is too big."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > max_bytes:
            raise ApiError(413, "TOO_BIG", f"the body is bigger than {max_bytes} bytes")
    return body


def parse_body(model: type[Body], body: bytes) -> Body:
    """The body as a model. Raises ApiError 400 that names the first wrong field."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise ApiError(400, "BAD_BODY", f"{place}: {first['msg']}") from None
