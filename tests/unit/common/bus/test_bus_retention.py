"""Streams are trimmed by their first producer."""

from manual_clock import ManualClock

from common.bus import Commit, Trimmed, Unavailable
from common.bus.memory import MemoryBus
from common.bus.retention import streams_trimmed_by, trim_streams
from common.events import Command, ControlCommand, originate
from common.events.catalog import CATALOG, services_of


class FullBus(MemoryBus):
    """Every stream is over its cap, and one group of each has lost entries; the server goes after two streams."""

    left = 2

    async def trim(self, stream: str, *, retention_ms: int, hard_cap_entries: int) -> Trimmed:
        if self.left == 0:
            raise Unavailable("the server is gone")
        self.left -= 1
        return Trimmed(1, ("risk",))


def test_every_stream_is_trimmed_by_one_role() -> None:
    services = services_of(("deepseek",))
    trimmed = [spec.type for service in services for spec in streams_trimmed_by(service)]
    assert sorted(trimmed) == sorted(CATALOG)


async def test_old_acknowledged_entries_go() -> None:
    clock = ManualClock()
    bus = MemoryBus(clock.now_ms)
    payload = ControlCommand(command=Command.HALT, model=None, reason="r", requested_by="test")
    await bus.commit(Commit("gateway", events=[originate(payload, keys=(1,), time_ms=1, now_ms=1)]))
    specs = streams_trimmed_by("gateway")
    assert await trim_streams(bus, specs) == []
    assert len(bus.events(ControlCommand.TYPE)) == 1
    clock.ms += CATALOG[ControlCommand.TYPE].retention_ms + 1
    assert await trim_streams(bus, specs) == []
    assert bus.events(ControlCommand.TYPE) == []


async def test_groups_that_lost_entries_are_returned_until_an_outage() -> None:
    bus = FullBus(ManualClock().now_ms)
    broken = await trim_streams(bus, list(CATALOG.values()))
    assert [(spec.type, group) for spec, group in broken] == [(name, "risk") for name in list(CATALOG)[:2]]
