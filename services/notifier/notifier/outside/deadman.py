"""The dead man's switch: an address that is asked for while all is well; what waits there alarms when it no longer is.

It proves the whole path from outside: a machine, a network or an arena that is gone can't say so itself.
"""

from typing import Final

import httpx

from common.runtime.outside.proxies import is_local

LIMIT_S: Final = 20.0


class Deadman:
    """One address that is pinged."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx.AsyncClient(timeout=LIMIT_S, trust_env=not is_local(url), follow_redirects=False)

    async def ping(self) -> str | None:
        """Asks for the address; None when it answered well, else what went wrong, without the address."""
        try:
            response = await self._http.get(self._url)
        except httpx.HTTPError as error:
            return type(error).__name__
        return None if response.status_code < 300 else f"HTTP {response.status_code}"

    async def close(self) -> None:
        await self._http.aclose()
