"""The lease over the in-memory bus: one owner, its token, its loss."""

import asyncio

import pytest
import structlog
from manual_clock import ManualClock

from common.bus import Commit, Fenced, Unavailable
from common.bus.memory import MemoryBus
from common.runtime.consuming.lease import TTL_MS, Lease
from common.runtime.service import Service
from common.runtime.settings import ServiceSettings


class SilentBus(MemoryBus):
    """A bus that can be out of reach for renewals, and notes who asked for a lease."""

    is_silent = False
    owners: list[str]

    async def acquire_lease(self, lease: str, owner: str, *, ttl_ms: int) -> int | None:
        self.owners.append(owner)
        return await super().acquire_lease(lease, owner, ttl_ms=ttl_ms)

    async def renew_lease(self, lease: str, token: int, owner: str, *, ttl_ms: int) -> bool:
        if self.is_silent:
            raise Unavailable("the server is gone")
        return await super().renew_lease(lease, token, owner, ttl_ms=ttl_ms)


class Owners:
    """Two processes that want one lease."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.bus = SilentBus(self.clock.now_ms)
        self.bus.owners = []
        self.first, self.second = self.lease("risk-1"), self.lease("risk-2")
        self.stopping = asyncio.Event()

    def lease(self, owner: str) -> Lease:
        return Lease(self.bus, self.clock, structlog.get_logger(), name="risk", owner=owner)


def standing(lease: Lease) -> tuple[bool, bool]:
    """(confirmed, current) as of now."""
    return lease.is_confirmed, lease.is_current


@pytest.fixture
def owners() -> Owners:
    return Owners()


async def test_a_standby_acquires_the_lease_when_it_expires(owners: Owners) -> None:
    assert await owners.first.acquire(owners.stopping)
    began_ms = owners.clock.ms
    assert await owners.second.acquire(owners.stopping)
    assert owners.clock.ms - began_ms >= TTL_MS
    assert owners.first.fence is not None
    with pytest.raises(Fenced):
        await owners.bus.commit(Commit("risk", fence=owners.first.fence))
    await owners.bus.commit(Commit("risk", fence=owners.second.fence))


async def test_a_released_lease_is_free_at_once(owners: Owners) -> None:
    await owners.first.acquire(owners.stopping)
    await owners.first.release()
    began_ms = owners.clock.ms
    assert await owners.second.acquire(owners.stopping)
    assert owners.clock.ms == began_ms
    assert not owners.first.is_held


async def test_a_frozen_holder_is_no_owner_on_waking(owners: Owners) -> None:
    await owners.first.acquire(owners.stopping)
    assert standing(owners.first) == (True, True)
    owners.clock.ms += 60_000
    assert standing(owners.first) == (False, False)


async def test_a_holder_is_uncertain_before_another_can_acquire(owners: Owners) -> None:
    await owners.first.acquire(owners.stopping)
    while await owners.bus.acquire_lease("risk", "risk-2", ttl_ms=TTL_MS) is None:
        was_current = owners.first.is_current
        owners.clock.ms += 100
    assert not was_current


async def test_a_holder_that_was_frozen_loses_the_lease(owners: Owners) -> None:
    await owners.first.acquire(owners.stopping)
    keeping = asyncio.ensure_future(owners.first.keep())
    await asyncio.sleep(0)
    owners.clock.ms += 60_000
    await asyncio.wait_for(owners.first.wait_until_lost(), 60)
    assert not owners.first.is_held
    keeping.cancel()


async def test_a_silent_bus_leaves_an_owner_that_enters_nothing(owners: Owners) -> None:
    await owners.first.acquire(owners.stopping)
    owners.bus.is_silent = True
    keeping = asyncio.ensure_future(owners.first.keep())
    began_ms = owners.clock.ms
    while owners.clock.ms - began_ms < 60_000:
        await asyncio.sleep(0)
        assert owners.first.is_current
    assert standing(owners.first) == (False, True)
    owners.bus.is_silent = False
    while standing(owners.first) != (True, True):
        await asyncio.sleep(0)
    assert owners.first.is_held
    keeping.cancel()


async def test_two_processes_of_one_instance_have_two_owner_ids(owners: Owners) -> None:
    settings = ServiceSettings(metrics_port=0, instance="1")
    log = structlog.get_logger()
    for boot_id in ("a", "b"):
        service = Service("risk", settings, owners.bus, owners.clock, log, lease=True, boot_id=boot_id)
        running = asyncio.ensure_future(service.run())
        while not service.is_owner:
            await asyncio.sleep(0)
        service.stop()
        await asyncio.wait_for(running, 60)
    assert len(set(owners.bus.owners)) == 2


async def test_the_lease_is_lost_when_another_owner_has_it(owners: Owners) -> None:
    await owners.first.acquire(owners.stopping)
    owners.clock.ms += TTL_MS
    await owners.second.acquire(owners.stopping)
    keeping = asyncio.ensure_future(owners.first.keep())
    await asyncio.wait_for(owners.first.wait_until_lost(), 60)
    keeping.cancel()
    assert not owners.first.is_held
    assert owners.second.is_held


async def test_a_stopped_standby_gives_up(owners: Owners) -> None:
    await owners.first.acquire(owners.stopping)
    owners.stopping.set()
    assert not await owners.second.acquire(owners.stopping)
