"""A service over the in-memory bus: publishing through outages, background tasks, alerts."""

import asyncio
from typing import Any

import pytest
import structlog
from manual_clock import ManualClock

from common.bus import Commit, Fenced, Unavailable
from common.bus.memory import MemoryBus
from common.bus.port import CommitResult
from common.events import AlertCode, AlertSeverity, Command, ControlCommand, Event, SystemAlert, originate
from common.events.catalog import DEAD_SUFFIX
from common.events.codec import UnusableEvent
from common.runtime.consuming.consumer import MAX_DEAD_LETTERS
from common.runtime.service import Service
from common.runtime.settings import ServiceSettings


class FlakyBus(MemoryBus):
    """A bus that is unreachable for the next `outages` commits of events."""

    outages = 0

    async def commit(self, commit: Commit) -> CommitResult:
        if commit.events and self.outages:
            self.outages -= 1
            raise Unavailable("the server is gone")
        return await super().commit(commit)


def service(*, lease: bool = False) -> tuple[Service, FlakyBus]:
    clock = ManualClock()
    bus = FlakyBus(clock.now_ms)
    log = structlog.wrap_logger(structlog.PrintLogger(), processors=[structlog.processors.KeyValueRenderer()])
    return Service("risk", ServiceSettings(metrics_port=0), bus, clock, log, lease=lease), bus


async def test_an_alert_is_published_through_an_outage_once() -> None:
    risk, bus = service()
    bus.outages = 3
    await risk.alert(AlertCode.HALTED, AlertSeverity.CRITICAL, "halted", model="qwen", reason="loss")
    [event] = bus.events(SystemAlert.TYPE)
    assert (event.data.code, event.data.service, event.data.model) == ("HALTED", "risk", "qwen")
    assert event.data.figures == {"reason": "loss"}
    assert event.source == "risk"


async def test_an_unreadable_row_is_alerted_once() -> None:
    risk, bus = service()

    async def read_rows() -> None:
        for _ in range(3):
            risk.report_unreadable("intents", "i-1", "no JSON")
        risk.report_unreadable("intents", "i-2", "no JSON")
        while not bus.events(SystemAlert.TYPE):
            await asyncio.sleep(0)
        risk.stop()

    risk.spawn("reading", read_rows)
    await asyncio.wait_for(risk.run(), 60)
    [event] = bus.events(SystemAlert.TYPE)
    assert event.data.code == AlertCode.UNREADABLE_ROW
    assert event.data.figures == {"place": "intents", "entry": "i-2", "count": "2"}


async def test_unusable_events_are_set_aside_with_an_alert_a_minute() -> None:
    risk, bus = service()
    handled: list[str] = []
    count = 2 * MAX_DEAD_LETTERS

    def handle(event: Event[ControlCommand], now_ms: int) -> tuple[Event[Any], ...]:
        if event.data.model == "llama":
            raise UnusableEvent("no account of 'llama'")
        handled.append(event.data.reason)
        return ()

    async def stop_after_the_alert() -> None:
        while not (handled and bus.events(SystemAlert.TYPE)):
            await asyncio.sleep(0)
        risk.stop()

    commands = [
        ControlCommand(command=Command.HALT, model="llama", reason=str(number), requested_by="t")
        for number in range(count)
    ]
    commands.append(ControlCommand(command=Command.HALT, model=None, reason="last", requested_by="t"))
    await bus.commit(
        Commit("gateway", events=[originate(each, keys=(each.reason,), time_ms=1, now_ms=1) for each in commands])
    )
    risk.on(ControlCommand, handle)
    risk.spawn("stopping", stop_after_the_alert)
    await asyncio.wait_for(risk.run(), 60)
    assert handled == ["last"]
    assert len(bus.events(ControlCommand.TYPE + DEAD_SUFFIX)) == count
    [event] = bus.events(SystemAlert.TYPE)
    assert event.data.code == AlertCode.DEAD_LETTER
    assert event.data.figures["place"] == ControlCommand.TYPE


async def test_nothing_is_published_without_the_lease() -> None:
    risk, bus = service(lease=True)
    assert not risk.is_owner
    with pytest.raises(Fenced):
        await risk.alert(AlertCode.HALTED, AlertSeverity.INFO, "halted")
    assert bus.events(SystemAlert.TYPE) == []


async def test_a_background_tasks_error_ends_the_service() -> None:
    risk, _ = service()

    async def fail() -> None:
        raise KeyError("a defect")

    risk.spawn("failing", fail)
    with pytest.raises(ExceptionGroup) as ended:
        await asyncio.wait_for(risk.run(), 60)
    assert ended.group_contains(KeyError)


async def test_a_fenced_background_task_begins_again() -> None:
    risk, _ = service()
    runs: list[int] = []

    async def publish() -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            raise Fenced("a newer owner")
        risk.stop()

    risk.spawn("publishing", publish)
    await asyncio.wait_for(risk.run(), 60)
    assert runs == [0, 1]
    assert risk.readiness.unmet == {"stop": "stopping"}


async def test_a_background_task_that_drops_a_cancellation_is_stopped() -> None:
    risk, _ = service()
    dropped: list[bool] = []

    async def drop_one_cancellation() -> None:
        while True:
            try:
                risk.stop()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if dropped:
                    raise
                dropped.append(True)

    risk.spawn("dropping", drop_one_cancellation)
    await asyncio.wait_for(risk.run(), 60)
    assert dropped == [True]
