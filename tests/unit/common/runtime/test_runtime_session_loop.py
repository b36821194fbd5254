"""What follows a session's end: another session, or the end of the service."""

import asyncio
from typing import Any

import pytest
import structlog
from manual_clock import ManualClock

from common.bus import Commit, Fence, Unavailable
from common.bus.memory import MemoryBus
from common.bus.port import CommitResult
from common.events import Command, ControlCommand, Event, SystemAlert, originate
from common.runtime.consuming.handlers import Handlers
from common.runtime.consuming.lease import TTL_MS, Lease
from common.runtime.consuming.session_loop import SessionLoop

COMMAND = ControlCommand.TYPE


class FlakyBus(MemoryBus):
    """A bus that loses the replies of the next commits by risk, and notes their fences."""

    lost_replies = 0
    fences: list[Fence | None]

    async def commit(self, commit: Commit) -> CommitResult:
        if commit.source == "risk":
            self.fences.append(commit.fence)
            if self.lost_replies:
                self.lost_replies -= 1
                await super().commit(commit)
                raise Unavailable("the reply was lost")
        return await super().commit(commit)


class Loop:
    """A session loop called risk on a bus of its own; its handler stops it after the last published command."""

    def __init__(self, *, lease: bool = False) -> None:
        self.clock = ManualClock()
        self.bus = FlakyBus(self.clock.now_ms)
        self.bus.fences = []
        self.stopping = asyncio.Event()
        self.seen: list[str] = []
        self.rebuilds = 0
        self.conditions: dict[str, bool] = {}
        self.log = structlog.wrap_logger(structlog.PrintLogger(), processors=[structlog.processors.KeyValueRenderer()])
        self.lease = Lease(self.bus, self.clock, self.log, name="risk", owner="risk-1") if lease else None
        self.handlers = Handlers(each={COMMAND: self.handle}, deferred={}, rebuild=self.rebuild)

    async def rebuild(self) -> None:
        self.rebuilds += 1

    def handle(self, event: Event[Any], now_ms: int) -> tuple[Event[Any], ...]:
        self.seen.append(event.data.reason)
        if event.data.reason == "last":
            self.stopping.set()
        return ()

    async def stopping_only_when_rebuilt(self) -> None:
        if self.rebuilds < 2:
            self.stopping.clear()

    def set_ready(self, name: str, ready: bool, reason: str) -> None:
        self.conditions[name] = ready

    async def publish(self, *reasons: str) -> None:
        payloads = [ControlCommand(command=Command.HALT, model=None, reason=each, requested_by="t") for each in reasons]
        events = [originate(each, keys=(each.reason,), time_ms=1, now_ms=1) for each in payloads]
        await self.bus.commit(Commit("gateway", events=events))

    async def run(self) -> None:
        loop = SessionLoop(
            "risk",
            self.bus,
            self.clock,
            self.log,
            instance="1",
            handlers=self.handlers,
            lease=self.lease,
            stopping=self.stopping,
            set_ready=self.set_ready,
            drain_limit_s=1,
        )
        await asyncio.wait_for(loop.run(), 60)


async def test_an_outage_is_followed_by_a_session_that_rebuilds() -> None:
    loop = Loop()
    loop.bus.lost_replies = 1
    await loop.publish("first")

    async def publish_the_last() -> None:
        loop.rebuilds += 1
        if loop.rebuilds == 2:
            await loop.publish("last")

    loop.handlers.rebuild = publish_the_last
    await loop.run()
    assert loop.seen == ["first", "last"]
    assert loop.conditions["events"]


async def test_an_unexpected_error_of_the_loop_ends_it() -> None:
    loop = Loop()

    async def fail() -> None:
        raise KeyError("a defect")

    loop.handlers.rebuild = fail
    with pytest.raises(KeyError):
        await loop.run()


async def test_commits_carry_the_leases_token() -> None:
    loop = Loop(lease=True)
    await loop.publish("last")
    await loop.run()
    assert loop.lease is not None
    assert loop.bus.fences == [loop.lease.fence]
    assert loop.conditions["lease"]


async def test_a_fenced_owner_acquires_the_lease_again_before_it_goes_on() -> None:
    loop = Loop(lease=True)
    await loop.publish("last")
    stolen: list[int] = []

    async def steal_once() -> None:
        loop.rebuilds += 1
        loop.stopping.clear()
        if not stolen:
            loop.clock.ms += TTL_MS
            token = await loop.bus.acquire_lease("risk", "risk-2", ttl_ms=1)
            assert token is not None
            stolen.append(token)
            loop.clock.ms += 2

    loop.handlers.rebuild = steal_once
    loop.handlers.before_commit = loop.stopping_only_when_rebuilt
    await loop.run()
    assert loop.rebuilds == 2
    assert loop.lease is not None
    assert loop.lease.fence is not None
    assert loop.lease.fence.token > stolen[0]


async def test_a_session_that_drops_its_cancellation_ends_with_the_lease() -> None:
    loop = Loop(lease=True)
    dropped: list[bool] = []

    async def drop_one_cancellation() -> None:
        loop.rebuilds += 1
        if dropped:
            loop.stopping.set()
            return
        assert loop.lease is not None
        loop.lease.lose()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            dropped.append(True)
        await asyncio.Event().wait()

    loop.handlers.rebuild = drop_one_cancellation
    await loop.run()
    assert loop.rebuilds == 2


async def test_a_stream_that_the_catalog_does_not_give_is_refused() -> None:
    loop = Loop()
    loop.handlers.each = {SystemAlert.TYPE: loop.handle}
    with pytest.raises(ValueError, match=r"risk handles \['system.alert'\]"):
        await loop.run()
