"""One owner per service: a lease in the bus, renewed while it is held, whose token fences every commit."""

import asyncio

from structlog.typing import FilteringBoundLogger

from common.bus.port import Bus, Fence, Unavailable
from common.runtime import metrics
from common.runtime.clock import Clock

TTL_MS = 10_000
RENEW_S = 3.0
STANDBY_S = 1.0


class Lease:
    """The lease `name` for the instance `owner`.

    *Not held* (no token) → `acquire` → *held* (a token newer than all before) → `lose` or `release` → *not held*.
    `acquire` waits while another owner holds the lease; a restarted process of the same owner name gets it at once,
    under a newer token that fences its predecessor.

    Holding is an assumption, the token is the proof: the bus refuses every commit whose token is not the newest, so two
    instances that both believe themselves the owner cannot both write. A commit is refused only once a newer token
    exists, a renewal also once the lease has expired; a renewal without an answer is tried again. Only a refusal loses
    the lease.

    The service calls `acquire` once per session, runs `keep` as a task beside the consumer, calls `lose` when a commit
    was fenced, and `release` at its end, after its last commit, so that a standby takes over at once instead of after
    `TTL_MS`.
    """

    def __init__(self, bus: Bus, clock: Clock, log: FilteringBoundLogger, *, name: str, owner: str) -> None:
        self._bus, self._clock, self._log = bus, clock, log
        self._name, self._owner = name, owner
        self._token: int | None = None

    @property
    def fence(self) -> Fence | None:
        """The proof of ownership to commit with; None while the lease is not held."""
        return None if self._token is None else Fence(self._name, self._token)

    @property
    def is_held(self) -> bool:
        return self._token is not None

    async def acquire(self, stopping: asyncio.Event) -> bool:
        """Waits, as a standby, until the lease is held; False when stopped before. Raises Unavailable."""
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
        """Renews the lease until it is lost, then returns. An unreachable bus does not lose it."""
        while self._token is not None:
            await self._clock.sleep(RENEW_S)
            try:
                if not await self._bus.renew_lease(self._name, self._token, ttl_ms=TTL_MS):
                    self.lose()
            except Unavailable as error:
                self._log.warning("lease not renewed; trying again", lease=self._name, reason=str(error))

    def lose(self) -> None:
        """Notes that another instance owns the lease; a lease that is not held stays so."""
        if self._token is not None:
            self._log.warning("lease lost", lease=self._name)
        self._token = None
        metrics.LEASE_HELD.set(0)

    async def release(self) -> None:
        """Gives the lease back, so that a standby acquires it at once. Raises Unavailable; the lease then expires."""
        if self._token is not None:
            token, self._token = self._token, None
            await self._bus.release_lease(self._name, token)
