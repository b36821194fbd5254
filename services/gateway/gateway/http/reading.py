"""The right to read, where READ_TOKEN is set: pages, answers and sockets need the token, or the cookie made for it.

A browser gets the cookie once: from the form that stands in for every page, or from a link with `?token=`, which is
answered by the same address without it. The cookie holds a digest, so that another token ends it. Programs send
`Authorization: Bearer`. Control commands, log lines and Alertmanager's webhook have tokens of their own.
"""

import hashlib
import hmac
import re
from html import escape
from urllib.parse import parse_qs

from pydantic import SecretStr
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http.auth import BearerCheck, read_body
from gateway.http.endpoint import API
from gateway.http.errors import ApiError, error_response

SETTING = "READ_TOKEN"
COOKIE = "aicoin_read"
COOKIE_AGE_S = 30 * 24 * 3_600
LOGIN = "/login"
ALIVE = "/healthz"
OWN_TOKENS = (f"{API}/control/", f"{API}/alerts")
LOGS = f"{API}/logs"
MAX_BODY_BYTES = 1_024
OWN_PAGE = re.compile(r"/(?:[A-Za-z0-9_.-][A-Za-z0-9/_.-]*)?")
"""A path of this server: two slashes at the beginning would name another one."""
POLICY_VIOLATION = 1008
FORM = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>AIcoin</title><style>
body {{ font: 16px/1.5 monospace; max-width: 30em; margin: 20vh auto; padding: 0 1em; }}
input, button {{ font: inherit; padding: .4em; box-sizing: border-box; width: 100%; margin-top: .6em; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #0c0e0d; color: #e9e7e0; }} }}
</style></head><body><h1>AIcoin</h1>
<form method="post" action="{login}"><label for="token">Reading token / 阅读令牌 (READ_TOKEN)</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<input name="page" type="hidden" value="{page}"><button>Read / 进入</button></form>
<p role="alert">{problem}</p></body></html>
"""
WRONG = "That is not the token. / 令牌不对。"


class ReadCheck:
    """Lets pass whoever may read; a browser without the right gets the form, anything else a 401."""

    def __init__(self, app: ASGIApp, token: SecretStr, bearer: BearerCheck) -> None:
        self._app, self._token, self._bearer = app, token, bearer
        digest = hmac.new(token.get_secret_value().encode(), b"reading cookie 1", hashlib.sha256)
        self._cookie = digest.hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._is_open(scope) or self._has_cookie(HTTPConnection(scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._check_socket(scope, receive, send)
        else:
            await self._check_request(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        if scope["type"] != "http":
            return False
        path: str = scope["path"]
        return path in (ALIVE, LOGS) or (scope["method"] == "POST" and path.startswith(OWN_TOKENS))

    def _has_cookie(self, connection: HTTPConnection) -> bool:
        presented: str = connection.cookies.get(COOKIE, "")
        return hmac.compare_digest(presented.encode(), self._cookie.encode())

    async def _check_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._check_bearer(HTTPConnection(scope))
        except ApiError:
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": f"needs the {SETTING}"})
        else:
            await self._app(scope, receive, send)

    async def _check_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._login(request)
            if response is None:
                self._check_bearer(request)
        except ApiError as error:
            response = error_response(error)
        await (response or self._app)(scope, receive, send)

    def _check_bearer(self, connection: HTTPConnection) -> None:
        """Raises ApiError; one that sends no token at all, as a page whose cookie has ended, is no guess."""
        if "authorization" not in connection.headers:
            raise ApiError(401, "UNAUTHORIZED", f"reading needs the {SETTING}: open a page, or send it as bearer token")
        self._bearer.check(connection, self._token, SETTING)

    async def _login(self, request: Request) -> Response | None:
        """The answer to a token in a form or a link, or the form for a page; None where a bearer token is due.

        Raises ApiError.
        """
        if request.method == "POST" and request.url.path == LOGIN:
            fields = parse_qs((await read_body(request, MAX_BODY_BYTES)).decode(errors="replace"))
            presented, page = (fields.get(name, [""])[0] for name in ("token", "page"))
        elif request.method == "GET" and "token" in request.query_params:
            presented, page = request.query_params["token"], request.url.path
        elif request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return _form(request.url.path, "", 401)
        else:
            return None
        try:
            self._bearer.compare(request, presented, self._token, SETTING)
        except ApiError as error:
            return _form(page, WRONG, error.status)
        answer = RedirectResponse(page if OWN_PAGE.fullmatch(page) and page != LOGIN else "/", 303)
        answer.set_cookie(
            COOKIE,
            self._cookie,
            max_age=COOKIE_AGE_S,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer


def _form(page: str, problem: str, status: int) -> Response:
    text = FORM.format(login=LOGIN, page=escape(page), problem=problem)
    return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})
