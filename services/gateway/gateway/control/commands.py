"""Control commands over HTTP: only with a token, compared in constant time; without one the routes do not exist."""

import re
import secrets
from collections.abc import Awaitable, Callable

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common.events import Command, ControlCommand, originate
from common.runtime.service import Service
from common.trading.instruments import Symbol
from common.trading.orders import Side
from common.trading.roster import Roster
from gateway.http.auth import BearerCheck, client_address, parse_body, read_body
from gateway.http.endpoint import API
from gateway.http.errors import ApiError, error_response

MAX_BODY_BYTES = 4_096
NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
NO_REASON = "by a person"


class CommandBody(BaseModel):
    """A command's body; unknown fields are refused, since a misspelled `model` would halt every contender.

    With `halt` a flatten halts as well: entries then wait for a resume, not only for the closing of what is held.
    `side` and `cycle_id` are those of the position that a close means, as GET positions has them (`cycle_id` may be
    null there): where another one is held by then, the close closes nothing. Left out, the coin's position is meant.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    model: str | None = None
    symbol: Symbol | None = None
    side: Side | None = None
    cycle_id: str | None = Field(None, max_length=100)
    halt: bool = False
    reason: str = Field(NO_REASON, max_length=200)

    @field_validator("reason")
    @classmethod
    def _is_printable(cls, value: str) -> str:
        if NOT_PRINTABLE.search(value):
            raise ValueError("must not hold control characters")
        return value or NO_REASON

    @property
    def entry_cycle_id(self) -> str | None:
        """As the command has it: empty where the position was opened by no entry, None where it isn't named."""
        return (self.cycle_id or "") if "cycle_id" in self.model_fields_set else None


class ControlRoutes:
    """POST /api/v1/control/{halt,resume,flatten} with {model?, reason?}, and {halt?} for flatten; close takes the
    position's {model, symbol, side?, cycle_id?}.

    A command without `model` concerns every contender. 202 means that the event is on its stream: risk and the
    executor act on it later, and their events report the result. Resuming takes a token of its own; where there is
    none, it is refused. No resume over HTTP ends the halt of the kill switch.
    """

    def __init__(self, service: Service, token: SecretStr, resume_token: SecretStr | None, roster: Roster) -> None:
        self._service, self._token, self._resume_token, self._ids = service, token, resume_token, roster.ids
        self._bearer = BearerCheck(service.clock, service.log)

    def routes(self) -> list[Route]:
        return [
            Route(f"{API}/control/{command.value}", self._endpoint(command), methods=["POST"]) for command in Command
        ]

    def _endpoint(self, command: Command) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                self._check_right(request, command)
                body = parse_body(CommandBody, await read_body(request, MAX_BODY_BYTES) or b"{}")
                if body.model is not None and body.model not in self._ids:
                    raise ApiError(400, "BAD_BODY", f"model: must be one of {', '.join(self._ids)}")
                if body.halt and command is not Command.FLATTEN:
                    raise ApiError(400, "BAD_BODY", "halt: only a flatten can halt as well")
                is_close = command is Command.CLOSE
                if is_close is (body.symbol is None) or (is_close and body.model is None):
                    raise ApiError(400, "BAD_BODY", "symbol: a close names model and symbol, no other command a symbol")
                if not is_close and body.model_fields_set & {"side", "cycle_id"}:
                    raise ApiError(400, "BAD_BODY", "side, cycle_id: only a close names a position")
                return await self._publish(command, body, client_address(request))
            except ApiError as error:
                return error_response(error)

        return endpoint

    def _check_right(self, request: Request, command: Command) -> None:
        """Raises ApiError."""
        if command is not Command.RESUME or self._resume_token is self._token:
            self._bearer.check(request, self._token, "CONTROL_TOKEN")
        elif self._resume_token is not None:
            self._bearer.check(request, self._resume_token, "RESUME_TOKEN")
        else:
            raise ApiError(
                403, "NO_RESUME", "resuming real money needs a right of its own: set RESUME_TOKEN in the gateway"
            )

    async def _publish(self, command: Command, body: CommandBody, address: str) -> Response:
        now_ms = self._service.clock.now_ms()
        author = f"gateway, from {address}"
        commands = (Command.HALT, command) if body.halt else (command,)
        events = [
            originate(
                ControlCommand(
                    command=each,
                    model=body.model,
                    reason=body.reason,
                    requested_by=author,
                    symbol=body.symbol,
                    side=body.side,
                    entry_cycle_id=body.entry_cycle_id,
                ),
                keys=(secrets.token_hex(16),),
                time_ms=now_ms,
                now_ms=now_ms,
            )
            for each in commands
        ]
        await self._service.publish(*events)
        self._service.log.warning(
            "control command published",
            command=command.value,
            halt=body.halt,
            model=body.model,
            symbol=body.symbol,
            side=body.side,
            cycle_id=body.cycle_id,
            reason=body.reason,
            author=author,
        )
        return JSONResponse({"accepted": command.value, "model": body.model, "id": events[-1].id}, 202)
