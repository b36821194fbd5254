"""Control commands over HTTP: only with a token, compared in constant time; without one the routes don't exist."""

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common.events import Command, ControlCommand, originate
from common.runtime.service import Service
from gateway.errors import ApiError, answer
from gateway.parameters import known_model

MAX_BODY_BYTES = 4_096
MAX_REASON = 200


class Control:
    """POST /api/v1/control/{halt,resume,flatten} with {model?, reason?}."""

    def __init__(self, service: Service, token: SecretStr) -> None:
        self._service, self._token = service, token

    def routes(self) -> list[Route]:
        return [
            Route(f"/api/v1/control/{command.value}", self._endpoint(command), methods=["POST"]) for command in Command
        ]

    def _endpoint(self, command: Command) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                self._check(request)
                return await self._publish(command, await request.body())
            except ApiError as error:
                return answer(error)

        return endpoint

    def _check(self, request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.get_secret_value().encode()):
            raise ApiError(401, "UNAUTHORIZED", "send Authorization: Bearer with the CONTROL_TOKEN")

    async def _publish(self, command: Command, body: bytes) -> Response:
        model, reason = _wanted(body)
        now_ms = self._service.clock.now_ms()
        payload = ControlCommand(command=command, model=model, reason=reason, requested_by="gateway")
        event = originate(payload, keys=(secrets.token_hex(16),), time_ms=now_ms, now_ms=now_ms)
        await self._service.publish(event)
        self._service.log.warning("control command", command=command.value, model=model, reason=reason)
        return JSONResponse({"accepted": command.value, "model": model, "id": event.id}, 202)


def _wanted(body: bytes) -> tuple[str | None, str]:
    if len(body) > MAX_BODY_BYTES:
        raise ApiError(413, "TOO_BIG", "the body is too big")
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        raise ApiError(400, "BAD_BODY", "the body must be a JSON object") from None
    if not isinstance(content, dict):
        raise ApiError(400, "BAD_BODY", "the body must be a JSON object")
    model = content.get("model")
    return None if model is None else known_model(str(model)), str(content.get("reason") or "by a person")[:MAX_REASON]
