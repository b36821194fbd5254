"""The kill switch's way to the exchange: through the environment's proxy, and past it when that leads nowhere."""

import os
from collections.abc import Callable
from functools import partial
from typing import Final

from common.runtime.outside.proxies import is_local
from executor.exchange.errors import TransportError, UnusableEnvironment
from executor.exchange.http import HttpResponse, HttpTransport, Transport

CHANGES_WAY: Final = ("_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Ends of the names of variables that change how a server is reached."""

Open = Callable[[], Transport]


class KillTransport:
    """Tries the ways one after the other, and goes on with the one that has led to an answer.

    The environment's proxies and certificates come first, as the exchange may be reachable through them alone; a
    machine's own addresses are reached without. A request that found no answer on one way may have arrived all the
    same: the same bytes go out on the other, which is harmless, as they carry the same nonce.
    """

    def __init__(self, url: str, timeout_s: float, report: Callable[[str], None]) -> None:
        direct = ("directly", partial(HttpTransport, url, timeout_s, uses_environment=False))
        given = ("as the environment says", partial(HttpTransport, url, timeout_s))
        is_changed = any(os.environ[name] for name in os.environ if name.upper().endswith(CHANGES_WAY))
        self._ways: list[tuple[str, Open]] = [given, direct] if is_changed and not is_local(url) else [direct]
        self._opened: dict[str, Transport] = {}
        self._report = report

    def post(self, path: str, body: bytes) -> HttpResponse:
        """One request. Raises TransportError when no way leads to an answer."""
        problems = []
        for name, opens in list(self._ways):
            try:
                if name not in self._opened:
                    self._opened[name] = opens()
                response = self._opened[name].post(path, body)
            except (TransportError, UnusableEnvironment, OSError, ValueError) as error:
                problems.append(f"{name}: {error}")
                continue
            if problems:
                self._report(f"the exchange is reached {name}; not {problems[0]}")
                self._ways.sort(key=lambda way: way[0] != name)
            return response
        raise TransportError("; ".join(problems))

    def close(self) -> None:
        for transport in self._opened.values():
            transport.close()
