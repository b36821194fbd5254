"""Turns a responder into an endpoint: one error shape, one metric, 503 while a store is unavailable."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.runtime.outages import is_outage
from gateway.http import metrics
from gateway.http.errors import ApiError, error_response

API = "/api/v1"
Responder = Callable[[Request], Awaitable[Response]]


def get_route(path: str, responder: Responder) -> Route:
    """`GET /api/v1{path}`. ApiError becomes its response, an unavailable store a 503; anything else is a bug: 500."""

    async def endpoint(request: Request) -> Response:
        try:
            response = await responder(request)
        except ApiError as error:
            response = error_response(error)
        except Exception as error:
            if not is_outage(error):
                raise
            response = error_response(ApiError(503, "UNAVAILABLE", "a store does not answer at the moment; try again"))
        metrics.note_request(path, response.status_code)
        return response

    metrics.create_route(path)
    return Route(f"{API}{path}", endpoint, methods=["GET"])
