"""Control commands over HTTP: only with a token, compared in constant time; without one the routes don't exist."""

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common.events import Command, ControlCommand, originate
from common.runtime.service import Service
from gateway.doorkeeper import check_bearer, read_body
from gateway.errors import ApiError, answer

MAX_BODY_BYTES = 4_096
NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class Wanted(BaseModel):
    """A command's body; unknown fields are refused, since one misspelt would mean all models."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: Literal["deepseek", "qwen"] | None = None
    reason: str = Field("by a person", max_length=200)

    @field_validator("reason")
    @classmethod
    def _printable(cls, value: str) -> str:
        if NOT_PRINTABLE.search(value):
            raise ValueError("must not hold control characters")
        return value or "by a person"


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
                check_bearer(request, self._token, "CONTROL_TOKEN")
                return await self._publish(command, await read_body(request, MAX_BODY_BYTES))
            except ApiError as error:
                return answer(error)

        return endpoint

    async def _publish(self, command: Command, body: bytes) -> Response:
        wanted = _wanted(body)
        model, reason = wanted.model, wanted.reason
        now_ms = self._service.clock.now_ms()
        payload = ControlCommand(command=command, model=model, reason=reason, requested_by="gateway")
        event = originate(payload, keys=(secrets.token_hex(16),), time_ms=now_ms, now_ms=now_ms)
        await self._service.publish(event)
        self._service.log.warning("control command", command=command.value, model=model, reason=reason)
        return JSONResponse({"accepted": command.value, "model": model, "id": event.id}, 202)


def _wanted(body: bytes) -> Wanted:
    try:
        return Wanted.model_validate_json(body or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise ApiError(400, "BAD_BODY", f"{place}: {first['msg']}") from None
