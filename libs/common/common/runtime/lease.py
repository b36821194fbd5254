"""One owner per service: holds a lease, renews it, and offers its token as proof with every commit."""

import asyncio
from typing import Any

from common.bus.port import Bus, Fence, Unavailable
from common.runtime import metrics
from common.runtime.clock import Clock

TTL_MS = 10_000
RENEW_S = 3.0
STANDBY_S = 1.0


class Lease:
    """The lease `name` as held by `owner`; a restarted process of the same name takes it over at once."""

    def __init__(self, bus: Bus, clock: Clock, log: Any, *, name: str, owner: str) -> None:
        self._bus, self._clock, self._log = bus, clock, log
        self._name, self._owner = name, owner
        self._token: int | None = None

    @property
    def fence(self) -> Fence | None:
        return None if self._token is None else Fence(self._name, self._token)

    @property
    def is_held(self) -> bool:
        return self._token is not None

    async def acquire(self, stopping: asyncio.Event) -> bool:
        """Waits, as a standby, until the lease is ours; False when stopped before."""
        standing_by = False
        while not stopping.is_set():
            token = await self._bus.acquire_lease(self._name, self._owner, ttl_ms=TTL_MS)
            if token is not None:
                self._token = token
                metrics.LEASE_HELD.set(1)
                self._log.info("lease acquired", lease=self._name, token=token)
                return True
            if not standing_by:
                standing_by = True
                self._log.info("another instance holds the lease; standing by", lease=self._name)
            await self._clock.sleep(STANDBY_S)
        return False

    async def keep(self) -> None:
        """Renews until lost; returns then. An unreachable bus is no loss: commits carry the token anyway."""
        while self._token is not None:
            await self._clock.sleep(RENEW_S)
            try:
                if not await self._bus.renew_lease(self._name, self._token, ttl_ms=TTL_MS):
                    self.lose()
            except Unavailable as error:
                self._log.warning("lease not renewed", lease=self._name, reason=str(error))

    def lose(self) -> None:
        if self._token is not None:
            self._log.warning("lease lost", lease=self._name)
        self._token = None
        metrics.LEASE_HELD.set(0)

    async def release(self) -> None:
        if self._token is not None:
            token, self._token = self._token, None
            await self._bus.release_lease(self._name, token)
