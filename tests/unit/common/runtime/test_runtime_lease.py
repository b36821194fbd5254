"""The lease over the in-memory bus: one owner, its token, its loss."""

import asyncio

import pytest
import structlog
from manual_clock import ManualClock

from common.bus import Commit, Fenced
from common.bus.memory import MemoryBus
from common.runtime.consuming.lease import TTL_MS, Lease


class Owners:
    """Two instances that want one lease."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.bus = MemoryBus(self.clock.now_ms)
        self.first, self.second = self.lease("risk-1"), self.lease("risk-2")
        self.stopping = asyncio.Event()

    def lease(self, owner: str) -> Lease:
        return Lease(self.bus, self.clock, structlog.get_logger(), name="risk", owner=owner)


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


async def test_a_restarted_owner_fences_its_predecessor(owners: Owners) -> None:
    await owners.first.acquire(owners.stopping)
    restarted = owners.lease("risk-1")
    assert await restarted.acquire(owners.stopping)
    with pytest.raises(Fenced):
        await owners.bus.commit(Commit("risk", fence=owners.first.fence))


async def test_keeping_ends_when_another_owner_has_the_lease(owners: Owners) -> None:
    await owners.first.acquire(owners.stopping)
    owners.clock.ms += TTL_MS
    await owners.second.acquire(owners.stopping)
    await owners.first.keep()
    assert not owners.first.is_held
    assert owners.second.is_held


async def test_a_stopped_standby_gives_up(owners: Owners) -> None:
    await owners.first.acquire(owners.stopping)
    owners.stopping.set()
    assert not await owners.second.acquire(owners.stopping)
