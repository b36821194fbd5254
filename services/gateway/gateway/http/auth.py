"""What every POST passes first: the bearer token, and a body read no further than its limit."""

import hmac
from collections import OrderedDict
from typing import TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from structlog.typing import FilteringBoundLogger

from common.runtime.clock import Clock
from gateway.http.errors import ApiError

MAX_WRONG_PER_MINUTE = 10
MAX_ADDRESSES = 1_000
MINUTE_S = 60.0
Body = TypeVar("Body", bound=BaseModel)


def client_address(request: HTTPConnection) -> str:
    """The address of the client; behind a known proxy the one that the proxy names."""
    return request.client.host if request.client else "unknown"


class BearerCheck:
    """Compares bearer tokens; wrong ones are logged and counted, by address.

    Whoever sends more than `MAX_WRONG_PER_MINUTE` is refused without an answer to whether the token was right, but
    never its owner: a right token passes from any address at any time.
    """

    def __init__(self, clock: Clock, log: FilteringBoundLogger) -> None:
        self._clock, self._log = clock, log
        self._wrong: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def check(self, request: HTTPConnection, token: SecretStr, setting: str) -> None:
        """Compares the bearer token of the header. Raises ApiError as `compare` does."""
        scheme, _, presented = request.headers.get("authorization", "").partition(" ")
        self.compare(request, presented.strip() if scheme.lower() == "bearer" else "", token, setting)

    def compare(self, request: HTTPConnection, presented: str, token: SecretStr, setting: str) -> None:
        """Compares in constant time. Raises ApiError 401, naming the setting whose value is expected, or 429."""
        if hmac.compare_digest(presented.encode(), token.get_secret_value().encode()):
            return
        address = client_address(request)
        count = self._count(address)
        if count > MAX_WRONG_PER_MINUTE:
            raise ApiError(429, "TOO_MANY_ATTEMPTS", "too many wrong tokens; wait a minute")
        self._log.warning(
            "a wrong token was sent", address=address, path=request.url.path, setting=setting, in_this_minute=count
        )
        raise ApiError(401, "UNAUTHORIZED", f"send Authorization: Bearer with the {setting}")

    def _count(self, address: str) -> int:
        now_s = self._clock.monotonic()
        began_s, count = self._wrong.get(address, (now_s, 0))
        if now_s - began_s >= MINUTE_S:
            began_s, count = now_s, 0
        self._wrong[address] = began_s, count + 1
        self._wrong.move_to_end(address)
        while len(self._wrong) > MAX_ADDRESSES:
            self._wrong.popitem(last=False)
        return count + 1


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The body. Raises ApiError 413 as soon as it is too big, 400 when it ends before its end."""
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > max_bytes:
                raise ApiError(413, "TOO_BIG", f"the body is bigger than {max_bytes} bytes")
    except ClientDisconnect:
        raise ApiError(400, "BAD_BODY", "the body ended before its end") from None
    return body


def parse_body(model: type[Body], body: bytes) -> Body:
    """The body as a model. Raises ApiError 400 that names the first wrong field."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise ApiError(400, "BAD_BODY", f"{place}: {first['msg']}") from None
