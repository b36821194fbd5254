"""Which Host a request may name: a page elsewhere can point its own name at this machine, and would read everything.

That is DNS rebinding: the browser takes the attacker's name, resolved to loopback, for the page's own origin. Its
requests still name the attacker's host, and are refused by that.
"""

import ipaddress
from collections.abc import Collection
from contextlib import suppress

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MISDIRECTED = 421
POLICY_VIOLATION = 1008


def is_allowed_host(host: str, allowed: Collection[str]) -> bool:
    """Whether `host`, as in the header, is an address, a name without a dot, of this machine, or one of `allowed`.

    Names without a dot are those of containers and of a network's own machines; no public name has none.
    """
    name, _, port = host.rpartition(":") if not host.endswith("]") and ":" in host else (host, "", "")
    name = name.rstrip(".").lower()
    if not name or (port and not port.isdigit()):
        return False
    with suppress(ValueError):
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
        return True
    return "." not in name or name.endswith(".localhost") or name in allowed


class HostCheck:
    """Refuses requests and WebSockets that name another host, before anything else looks at them."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app, self._allowed = app, allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._is_allowed(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "host not allowed"})
        else:
            message = "this name is not one of the arena's; its owner can add it to ALLOWED_HOSTS"
            error = {"error": {"code": "UNKNOWN_HOST", "message": message}}
            await JSONResponse(error, MISDIRECTED)(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        return len(hosts) == 1 and is_allowed_host(hosts[0].decode("latin-1"), self._allowed)
