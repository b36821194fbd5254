"""What every POST of the gateway passes: the bearer's token, and a body read no further than its limit."""

import hmac

from pydantic import SecretStr
from starlette.requests import Request

from gateway.errors import ApiError


def check_bearer(request: Request, token: SecretStr, setting: str) -> None:
    """Compares in constant time. Raises ApiError 401, naming the setting whose value is wanted."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    is_same = hmac.compare_digest(given.strip().encode(), token.get_secret_value().encode())
    if scheme.lower() != "bearer" or not is_same:
        raise ApiError(401, "UNAUTHORIZED", f"send Authorization: Bearer with the {setting}")


async def read_body(request: Request, most_bytes: int) -> bytes:
    """The body. Raises ApiError 413 as soon as it is too big."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > most_bytes:
            raise ApiError(413, "TOO_BIG", f"the body is bigger than {most_bytes} bytes")
    return body
