"""One owner per service: a lease in the bus, renewed while it is held, whose token fences every commit."""

import asyncio
from typing import Final

from structlog.typing import FilteringBoundLogger

from common.bus.port import Bus, Fence, Unavailable
from common.runtime import metrics
from common.runtime.clock import Clock
from common.trading.durations import NEVER

TTL_MS: Final = 5_000
VALID_S: Final = TTL_MS / 1000 - 0.5
"""How long the holder relies on a word of the bus: less than the bus keeps the lease, whose clock is another one."""
RENEW_S: Final = 1.0
RENEW_LIMIT_S: Final = 1.5
"""A renewal without an answer by then counts as one that the bus could not give."""
STANDBY_S: Final = 0.5


class Lease:
    """The lease `name` for the process `owner`, an id that no other process has.

    *Not held* (no token) → `acquire` → *held* (a token newer than all before) → `lose` or `release` → *not held*.
    `acquire` waits while another owner holds the lease.

    The token is the proof towards the bus: it refuses every commit whose token is not the newest, so two processes
    that both believe themselves the owner cannot both write. What leaves for the outside world passes no bus, so the
    holder also counts by its own clock, which goes on while the process is frozen:

    - *confirmed*: the bus has granted or renewed the lease within `VALID_S`, so no other process can hold it.
    - *current*: within `VALID_S` the bus has confirmed the lease or was found unable to answer. An owner that can't
      reach the bus goes on with what protects positions.

    A process that was frozen for longer is neither from its first instruction on: whoever asks before sending learns it
    without waiting for `keep`. `keep` notices the same gap and loses the lease, and the next session acquires it
    again or stands by. A renewal prolongs also a lease that has expired meanwhile, unless another process has acquired
    it since.

    `keep` runs as one task beside all sessions. A session calls `acquire` unless the lease is held and ends when
    `wait_until_lost` returns; the service calls `lose` when a commit was fenced, and `release` at its end, after its
    last commit, so that a standby takes over at once instead of after `TTL_MS`.
    """

    def __init__(self, bus: Bus, clock: Clock, log: FilteringBoundLogger, *, name: str, owner: str) -> None:
        self._bus, self._clock, self._log = bus, clock, log
        self._name, self._owner = name, owner
        self._token: int | None = None
        self._confirmed_at_s = self._heard_at_s = NEVER
        self._lost = asyncio.Event()

    @property
    def fence(self) -> Fence | None:
        """The proof of ownership to commit with; None while the lease is not held."""
        return None if self._token is None else Fence(self._name, self._token)

    @property
    def is_held(self) -> bool:
        """Whether there is a token to commit with; the bus decides whether it is the newest."""
        return self._token is not None

    @property
    def is_confirmed(self) -> bool:
        """Whether no other process can hold the lease at this moment."""
        return self.is_held and self._clock.monotonic() - self._confirmed_at_s <= VALID_S

    @property
    def is_current(self) -> bool:
        """Whether the lease is confirmed, or the bus can't be asked."""
        return self.is_held and self._clock.monotonic() - self._heard_at_s <= VALID_S

    async def acquire(self, stopping: asyncio.Event) -> bool:
        """Waits, as a standby, until the lease is held; False when stopped before. Raises Unavailable."""
        standing_by = False
        while not stopping.is_set():
            asked_at_s = self._clock.monotonic()
            token = await self._bus.acquire_lease(self._name, self._owner, ttl_ms=TTL_MS)
            if token is not None:
                self._token = token
                self._confirmed_at_s = self._heard_at_s = asked_at_s
                self._lost.clear()
                metrics.LEASE_HELD.set(1)
                self._log.info("lease acquired", lease=self._name, token=token)
                return True
            if not standing_by:
                standing_by = True
                self._log.info("another process holds the lease; standing by", lease=self._name)
            await self._clock.sleep(STANDBY_S)
        return False

    async def keep(self) -> None:
        """Renews the lease whenever it is held, until cancelled. A bus that does not answer does not lose it."""
        while True:
            await self._clock.sleep(RENEW_S)
            if self._token is None:
                continue
            if not self.is_current:
                # Frozen, or without CPU, for so long that the lease may have had another owner meanwhile.
                self.lose()
                continue
            await self._renew(self._token)

    async def wait_until_lost(self) -> None:
        """Returns once the lease that is held now has been lost."""
        await self._lost.wait()

    def lose(self) -> None:
        """Notes that the lease may have another owner; a lease that is not held stays so."""
        if self._token is not None:
            self._log.warning("lease lost", lease=self._name)
        self._token = None
        self._lost.set()
        metrics.LEASE_HELD.set(0)

    async def release(self) -> None:
        """Gives the lease back, so that a standby acquires it at once. Raises Unavailable; the lease then expires."""
        if self._token is not None:
            token, self._token = self._token, None
            await self._bus.release_lease(self._name, token)

    async def _renew(self, token: int) -> None:
        """One try. The time of a confirmation is that of the question, since the bus counts from its answer on."""
        asked_at_s = self._clock.monotonic()
        try:
            async with asyncio.timeout(RENEW_LIMIT_S):
                is_renewed = await self._bus.renew_lease(self._name, token, self._owner, ttl_ms=TTL_MS)
        except (Unavailable, TimeoutError) as error:
            self._heard_at_s = self._clock.monotonic()
            self._log.warning("lease not renewed; trying again", lease=self._name, reason=str(error) or "no answer")
        except Exception:
            # Whatever the bus says: without a refusal of the token the positions stay guarded by this process.
            self._heard_at_s = self._clock.monotonic()
            self._log.exception("lease not renewed; trying again", lease=self._name)
        else:
            if is_renewed:
                self._confirmed_at_s = self._heard_at_s = asked_at_s
            elif self._token == token:
                self.lose()
