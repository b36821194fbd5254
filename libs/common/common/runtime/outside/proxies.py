"""Which proxy of the environment a connection takes: none to this machine or its own network, else the environment's.

HTTP_PROXY, HTTPS_PROXY and ALL_PROXY are of a shell and meant for the world outside. Every client library reads them
in its own way and ends by an error of its own when one names a SOCKS proxy and a package is missing; `proxy_problem`
says so beforehand, in one line.
"""

import ipaddress
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Final, Literal
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

Client = Literal["aiohttp", "httpx", "requests", "websockets"]

_WITHOUT_SOCKS: Final = "aiohttp"
_SOCKS_PACKAGES: Final[dict[Client, tuple[str, str]]] = {
    "httpx": ("socksio", "socksio"),
    "requests": ("socks", "PySocks"),
    "websockets": ("python_socks", "python-socks[asyncio]"),
}
"""Per client the module that it needs for a SOCKS proxy, and the package that has it."""


def is_local(url: str) -> bool:
    """Whether `url` is on this machine, or by a name without a dot on its own network, as that of a container."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return "." not in host.rstrip(".") or host.rstrip(".").endswith(".localhost")


def websocket_proxy(url: str) -> str | None:
    """The `proxy` of a WebSocket connection: the environment's, or None."""
    return None if is_local(url) else _proxy_of(url) or None


def proxy_problem(url: str, *clients: Client) -> str | None:
    """Why these clients can't use the proxy that the environment names for `url`; None when they can, or there is none.

    The line names the variables and what to install.
    """
    if is_local(url) or not (proxy := _proxy_of(url)).startswith("socks"):
        return None
    named = f"HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names the SOCKS proxy {_without_password(proxy)} for {url}"
    if _WITHOUT_SOCKS in clients:
        return f"{named}, but {_WITHOUT_SOCKS} takes none: name an HTTP proxy"
    missing = _missing_packages(clients)
    return f"{named}: install {', '.join(missing)}, or name an HTTP proxy" if missing else None


def _proxy_of(url: str) -> str:
    """The environment's proxy for an address, or nothing. Whichever client reads it, a SOCKS proxy is found."""
    parts, proxies = urlsplit(url), getproxies()
    if proxy_bypass(parts.netloc):
        return ""
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    found = [proxies.get(name, "") for name in (scheme, parts.scheme, "all", "socks")]
    return next((proxy for proxy in found if proxy.startswith("socks")), next(filter(None, found), ""))


def _missing_packages(clients: Sequence[Client]) -> list[str]:
    return [package for module, package in (_SOCKS_PACKAGES[client] for client in clients) if find_spec(module) is None]


def _without_password(proxy: str) -> str:
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{parts.hostname or ''}{'' if parts.port is None else f':{parts.port}'}"
