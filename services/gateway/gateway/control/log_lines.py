"""GET logs: the last lines of every service, for operators with the control token only."""

import json

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.events.catalog import services_of
from common.runtime.presence import log_key
from common.runtime.service import Service
from common.trading.roster import Roster
from gateway.http.auth import BearerCheck
from gateway.http.endpoint import get_route
from gateway.http.response_cache import encode_response


class LogRoutes:
    """The lines as the services cached them: a service's newest last, each as it stands in its log."""

    def __init__(self, service: Service, token: SecretStr, roster: Roster) -> None:
        self._service, self._token, self._names = service, token, services_of(roster.ids)
        self._bearer = BearerCheck(service.clock, service.log)

    def routes(self) -> list[Route]:
        return [get_route("/logs", self._respond)]

    async def _respond(self, request: Request) -> Response:
        self._bearer.check(request, self._token, "CONTROL_TOKEN")
        values = await self._service.redis.mget([log_key(name) for name in self._names])
        rows = [{"name": name, "lines": lines_of(value)} for name, value in zip(self._names, values, strict=True)]
        answer = {"services": rows, "time_ms": self._service.clock.now_ms()}
        return encode_response(answer).respond(request.headers)


def lines_of(value: bytes | str | None) -> list[str]:
    """The texts in a cached list; none where there is no list."""
    try:
        found = json.loads(value or "[]")
    except (ValueError, RecursionError):
        return []
    return [line for line in found if isinstance(line, str)] if isinstance(found, list) else []
