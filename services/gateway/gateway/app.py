"""The public port: REST, WebSocket, health and the dashboard's files."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from common.runtime.service import Service
from gateway.errors import ApiError, answer
from gateway.ws import Doors

PAGES = ("/", "/leaderboard", "/models", "/models/{model}", "/readme", "/operations", "/decisions/{cycle_id}/{model}")
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
NOT_BUILT = "The dashboard is not built. Run make setup, or set GATEWAY_WEB_DIR to its dist folder.\n"


def create_app(service: Service, doors: Doors, routes: list[Route], web_dir: Path) -> Starlette:
    """The ASGI app of the public port."""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        unmet = service.readiness.unmet
        return JSONResponse({"ready": not unmet, "reasons": unmet}, 503 if unmet else 200)

    async def page(request: Request) -> Response:
        index = web_dir / "index.html"
        if not index.is_file():
            return PlainTextResponse(NOT_BUILT, 503)
        return FileResponse(index, headers={"Cache-Control": "no-cache"})

    async def missing_app(scope: Scope, receive: Receive, send: Send) -> None:
        path = Request(scope).url.path
        await answer(ApiError(404, "NOT_FOUND", f"there is no {path}"))(scope, receive, send)

    every: list[BaseRoute] = [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        *routes,
        WebSocketRoute("/ws", doors.serve),
        Mount("/api", missing_app),
        *(Route(path, page) for path in PAGES),
    ]
    if web_dir.is_dir():
        every.append(Mount("/", StaticFiles(directory=web_dir)))
    middleware = [Middleware(GZipMiddleware, minimum_size=1_000), Middleware(BaseHTTPMiddleware, dispatch=add_headers)]
    return Starlette(routes=every, middleware=middleware, exception_handlers={HTTPException: refused})


async def add_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Security headers on everything; files with a hash in their name may be kept for ever."""
    response = await call_next(request)
    response.headers.update(HEADERS)
    if request.url.path.startswith("/assets/"):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


async def refused(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (404, 405) in the one error shape."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(status, "REFUSED")
    return answer(ApiError(status, code, f"{request.method} {request.url.path} is not served here"))
