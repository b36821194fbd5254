"""The ASGI app of the public port: REST, WebSocket, health and the dashboard's files, with security headers."""

from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from common.runtime.service import Service
from gateway.http.auth import BearerCheck
from gateway.http.errors import ApiError, error_response
from gateway.http.hosts import HostCheck
from gateway.http.reading import ReadCheck

PAGES = (
    "/",
    "/leaderboard",
    "/trades",
    "/models",
    "/models/{model}",
    "/readme",
    "/operations",
    "/cycles/{cycle_id}",
    "/decisions/{cycle_id}/{model}",
    "/embed/{part}",
)
EMBEDS = ("/embed/equity", "/embed/duel")
"""Pages that any other site may show in a frame; they have no control."""
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self' {sockets}; frame-ancestors {ancestors}; base-uri 'none'; form-action 'self'"
)
"""`sockets` are the page's own WebSocket addresses: not every browser counts them as 'self'."""
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
FILES = ("/assets/", "/icon")
NOT_BUILT = "The dashboard is not built. Run make setup, or set GATEWAY_WEB_DIR to its dist folder.\n"


def create_app(
    service: Service,
    serve_socket: Callable[[WebSocket], Awaitable[None]],
    routes: list[Route],
    web_dir: Path,
    hosts: Collection[str] = (),
    read_token: SecretStr | None = None,
    tags: Callable[[Request], str] = lambda _: "",
) -> Starlette:
    """The app. `serve_socket` serves one WebSocket from open to close; `routes` are those under /api/v1.

    `hosts` are the arena's names (see `is_allowed_host`). With a `read_token` everything needs it (see `ReadCheck`).
    `tags` are added to the head of each page.
    """

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        unmet = service.readiness.unmet
        return JSONResponse({"ready": not unmet, "reasons": unmet}, 503 if unmet else 200)

    async def page(request: Request) -> Response:
        index = web_dir / "index.html"
        if not index.is_file():
            return PlainTextResponse(NOT_BUILT, 503)
        text = index.read_text(encoding="utf-8").replace("</head>", f"{tags(request)}</head>", 1)
        return HTMLResponse(text, headers={"Cache-Control": "no-cache"})

    async def refuse(request: Request, error: Exception) -> Response:
        """Starlette's own errors (404, 405) in the one error shape; a browser gets the page, which says that there is
        none."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        is_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if status == 404 and is_page and not request.url.path.startswith(FILES):
            found = await page(request)
            found.status_code = max(found.status_code, 404)
            return found
        code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(status, "REFUSED")
        return error_response(ApiError(status, code, f"{request.method} {request.url.path} is not served here"))

    async def missing_app(scope: Scope, receive: Receive, send: Send) -> None:
        path = Request(scope).url.path
        await error_response(ApiError(404, "NOT_FOUND", f"there is no {path}"))(scope, receive, send)

    all_routes: list[BaseRoute] = [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        *routes,
        WebSocketRoute("/ws", serve_socket),
        Mount("/api", missing_app),
        *(Route(path, page) for path in PAGES),
    ]
    if web_dir.is_dir():
        all_routes.append(Mount("/", StaticFiles(directory=web_dir)))
    middleware = [
        Middleware(GZipMiddleware, minimum_size=1_000),
        Middleware(SecurityHeaders),
        Middleware(HostCheck, allowed=hosts),
    ]
    if read_token is not None:
        middleware.append(Middleware(ReadCheck, token=read_token, bearer=BearerCheck(service.clock, service.log)))
    return Starlette(routes=all_routes, middleware=middleware, exception_handlers={HTTPException: refuse})


class SecurityHeaders:
    """Adds the security headers to every response; files with a hash in their name may be cached for ever."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS, (b"content-security-policy", _policy(scope))]
                if scope["path"].startswith("/assets/") and message["status"] == 200:
                    message["headers"].append((b"cache-control", b"public, max-age=31536000, immutable"))
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _policy(scope: Scope) -> bytes:
    """The policy for the host that the request names, which `HostCheck` has let pass."""
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    ancestors = "*" if scope["path"] in EMBEDS else "'none'"
    return POLICY.format(sockets=f"ws://{host} wss://{host}", ancestors=ancestors).encode()
