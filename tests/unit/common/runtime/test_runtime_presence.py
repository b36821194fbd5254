"""A service's presence in the cache."""

import json

from manual_clock import ManualClock

from common.bus import Commit, Unavailable
from common.bus.memory import MemoryBus
from common.bus.port import CommitResult
from common.runtime.health import Readiness
from common.runtime.presence import Presence, presence_key


class UnreachableBus(MemoryBus):
    """A bus whose server is gone."""

    async def commit(self, commit: Commit) -> CommitResult:
        raise Unavailable("the server is gone")


async def test_a_presence_has_readiness_reasons_and_times() -> None:
    clock, readiness = ManualClock(), Readiness()
    bus = MemoryBus(clock.now_ms)
    presence = Presence("risk", bus, clock, readiness)
    clock.ms += 5_000
    await presence.write()
    body = json.loads(bus.cache[presence_key("risk")])
    assert (body["name"], body["ready"], body["reasons"]) == ("risk", False, {"start": "starting"})
    assert body["time_ms"] - body["started_ms"] == 5_000


async def test_an_unreachable_bus_is_ignored() -> None:
    clock = ManualClock()
    await Presence("risk", UnreachableBus(clock.now_ms), clock, Readiness()).write()
