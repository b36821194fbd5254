"""A Redis that refuses what it is asked still does what frees memory and keeps an owner."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from store_faults import another_kind_of_value, out_of_memory

from common.bus.port import Commit, Unavailable
from common.bus.redis_streams import RedisBus
from common.bus.retention import trim_streams
from common.events import AlertSeverity, MarketTick, SystemAlert, originate
from common.events.catalog import CATALOG

PAYLOAD = SystemAlert(code="X", severity=AlertSeverity.INFO, service="t", model=None, message="x", figures={})


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[RedisBus]:
    opened = RedisBus(redis_url)
    await opened.prepare("recorder", [SystemAlert.TYPE])
    yield opened
    await opened.close()


def commit(*keys: int) -> Commit:
    return Commit("risk", events=[originate(PAYLOAD, keys=(key,), time_ms=1, now_ms=1) for key in keys])


async def test_a_full_redis_trims_and_keeps_leases_but_takes_no_event(bus: RedisBus, redis_url: str) -> None:
    await bus.commit(commit(*range(10)))
    token = await bus.acquire_lease("risk", "risk-1", ttl_ms=60_000)
    assert token is not None
    [first, *_] = await bus.read_new("recorder", "recorder-1", [SystemAlert.TYPE], count=10, block_ms=0)
    with out_of_memory(redis_url):
        with pytest.raises(Unavailable, match="OOM"):
            await bus.commit(commit(11))
        assert await bus.renew_lease("risk", token, "risk-1", ttl_ms=60_000)
        failure = await bus.fail("recorder", SystemAlert.TYPE, first.entry_id, reason="bad", limit=1)
        assert failure.dead
        trimmed = await bus.trim(SystemAlert.TYPE, retention_ms=3_600_000, hard_cap_entries=4)
        assert trimmed.removed == 6
    assert (await bus.commit(commit(11))).published == 1


async def test_trimming_passes_over_a_key_of_another_type(bus: RedisBus, redis_url: str) -> None:
    await bus.prepare("recorder", [MarketTick.TYPE])
    await bus.commit(commit(*range(20, 30)))
    specs = [replace(CATALOG[kind], hard_cap_entries=4) for kind in (MarketTick.TYPE, SystemAlert.TYPE)]
    with another_kind_of_value(redis_url):
        with pytest.raises(Unavailable, match="WRONGTYPE"):
            await bus.trim(MarketTick.TYPE, retention_ms=1, hard_cap_entries=1)
        broken = await trim_streams(bus, specs)
    assert [(spec.type, group) for spec, group in broken] == [(SystemAlert.TYPE, "recorder")]
    assert len(await bus.unacknowledged("recorder", SystemAlert.TYPE, count=100)) == 4
