"""The consumer loop over the in-memory bus: order, rebuilds, failures, deferred answers."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest
import structlog
from manual_clock import ManualClock

from common.bus import Fence, Unavailable
from common.bus.memory import MemoryBus
from common.bus.port import Commit
from common.events import AlertSeverity, Command, ControlCommand, Event, SystemAlert, derive, originate
from common.runtime.consuming.consumer import FAILURE_LIMIT, MAX_DEAD_LETTERS, Consumer
from common.runtime.consuming.handlers import Handlers
from common.runtime.consuming.session_end import HookFailed, StateLost, TooManyDeadLetters
from common.runtime.outages import is_outage

COMMAND = ControlCommand.TYPE


class ConsumerHarness:
    """One consumer called risk on its own in-memory bus."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.bus = MemoryBus(self.clock.now_ms)
        self.stopping = asyncio.Event()
        self.fence: Fence | None = None
        self.streams = [COMMAND]

    async def publish(self, *numbers: int) -> None:
        events = []
        for number in numbers:
            payload = ControlCommand(command=Command.HALT, model=None, reason=str(number), requested_by="test")
            events.append(originate(payload, keys=(number,), time_ms=number, now_ms=number, cycle_id=f"c{number}"))
        await self.bus.commit(Commit("gateway", events=events))

    def consumer(self, handlers: Handlers, batch_entries: int = 256) -> Consumer:
        return Consumer(
            self.bus,
            self.clock,
            structlog.wrap_logger(structlog.PrintLogger(), processors=[structlog.processors.KeyValueRenderer()]),
            service="risk",
            consumer="risk-1",
            streams=self.streams,
            handlers=handlers,
            fence=lambda: self.fence,
            is_outage=is_outage,
            batch_entries=batch_entries,
            drain_limit_s=0.05,
        )

    async def session(self, handlers: Handlers, batch_entries: int = 256) -> Consumer:
        consumer = self.consumer(handlers, batch_entries)
        await consumer.session(self.stopping, lambda: None)
        await consumer.drain()
        await consumer.cancel_deferred()
        return consumer

    def alerts(self) -> list[str]:
        return [event.data.message for event in self.bus.events(SystemAlert.TYPE)]

    async def pending(self) -> list[str]:
        held = await self.bus.read_pending("risk", "risk-1", [COMMAND], after={}, count=100)
        return [delivery.event.data.reason for delivery in held if delivery.event is not None]


@pytest.fixture
def harness() -> ConsumerHarness:
    return ConsumerHarness()


def answer(event: Event[Any], index: int = 0) -> Event[SystemAlert]:
    payload = SystemAlert(
        code="SEEN", severity=AlertSeverity.INFO, service="t", model=None, message=event.data.reason, figures={}
    )
    return derive(event, payload, 1, index=index)


def stops_after(harness: ConsumerHarness, number: int, then: Callable[[Event[Any]], None] = lambda event: None) -> Any:
    """A handler that answers every command and stops the harness after the `number`-th."""
    seen = 0

    def handle(event: Event[Any], now_ms: int) -> tuple[Event[Any], ...]:
        nonlocal seen
        then(event)
        seen += 1
        if seen == number:
            harness.stopping.set()
        return (answer(event),)

    return handle


async def test_answers_every_event_once_and_in_order(harness: ConsumerHarness) -> None:
    await harness.publish(1, 2, 3)
    await harness.session(Handlers(each={COMMAND: stops_after(harness, 3)}, deferred={}))
    assert harness.alerts() == ["1", "2", "3"]
    assert await harness.pending() == []


async def test_the_last_streams_events_come_after_all_committed_with_them(harness: ConsumerHarness) -> None:
    harness.streams = [COMMAND, SystemAlert.TYPE]
    handled: list[str] = []

    def handle(event: Event[Any], now_ms: int) -> tuple[Event[Any], ...]:
        handled.append(event.type)
        if len(handled) == 3:
            harness.stopping.set()
        return ()

    await harness.publish(1, 2)
    [command, _] = harness.bus.events(COMMAND)
    await harness.bus.commit(Commit("gateway", events=[answer(command)]))
    await harness.session(Handlers(each=dict.fromkeys(harness.streams, handle), deferred={}, last={COMMAND}))
    assert handled == [SystemAlert.TYPE, COMMAND, COMMAND]


async def test_rebuilds_before_the_first_event_and_reads_its_own_pending_first(harness: ConsumerHarness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    await harness.publish(1, 2)
    await harness.bus.read_new("risk", "risk-1", [COMMAND], count=1, block_ms=0)
    order: list[str] = []

    async def rebuild() -> None:
        order.append("rebuild")

    def note(event: Event[Any]) -> None:
        order.append(event.data.reason)

    await harness.session(Handlers(each={COMMAND: stops_after(harness, 2, note)}, deferred={}, rebuild=rebuild))
    assert order == ["rebuild", "1", "2"]


async def test_a_refused_commit_ends_the_session_so_that_memory_is_rebuilt(harness: ConsumerHarness) -> None:
    await harness.publish(1)
    taken: list[Any] = []

    async def steal() -> None:
        taken.extend(await harness.bus.claim("risk", "thief", [COMMAND], min_idle_ms=0, count=10))
        await harness.bus.commit(Commit("risk", "risk", handled=[_handled(d) for d in taken]))

    handlers = Handlers(each={COMMAND: stops_after(harness, 1)}, deferred={}, before_commit=steal)
    with pytest.raises(StateLost, match="acknowledged by another consumer"):
        await harness.session(handlers)
    assert harness.alerts() == []


def _handled(delivery: Any) -> Any:
    from common.bus import Handled

    return Handled(delivery.stream, delivery.entry_id)


async def test_an_unreachable_database_counts_against_no_event(harness: ConsumerHarness) -> None:
    import common.runtime.database  # noqa: F401 - registers its outage

    await harness.publish(1)

    def handle(event: Event[Any], now_ms: int) -> tuple[Event[Any], ...]:
        raise psycopg.OperationalError("the server is gone")

    for _ in range(FAILURE_LIMIT + 2):
        with pytest.raises(psycopg.OperationalError):
            await harness.session(Handlers(each={COMMAND: handle}, deferred={}))
    assert await harness.pending() == ["1"]
    assert harness.bus.events(f"{COMMAND}.dead") == []


async def test_a_failing_event_is_dead_lettered_and_the_rest_is_handled(harness: ConsumerHarness) -> None:
    await harness.publish(1, 2, 3)
    tries: list[str] = []

    def handle(event: Event[Any], now_ms: int) -> tuple[Event[Any], ...]:
        tries.append(event.data.reason)
        if event.data.reason == "2":
            raise ValueError("no")
        if event.data.reason == "3":
            harness.stopping.set()
        return (answer(event),)

    handlers = Handlers(each={COMMAND: handle}, deferred={})
    for _ in range(FAILURE_LIMIT):
        with pytest.raises(StateLost):
            await harness.session(handlers)
    await harness.session(handlers)
    assert tries == ["1", *["2"] * FAILURE_LIMIT, "3"]
    assert [event.data.reason for event in harness.bus.events(f"{COMMAND}.dead")] == ["2"]
    assert harness.alerts() == ["1", "3"]


async def test_a_batch_is_retried_one_by_one_so_that_one_bad_event_is_found(harness: ConsumerHarness) -> None:
    await harness.publish(1, 2, 3)
    stored: list[str] = []

    async def store(events: Sequence[Event[Any]], now_ms: int) -> tuple[Event[Any], ...]:
        if any(event.data.reason == "2" for event in events):
            raise ValueError("no")
        stored.extend(event.data.reason for event in events)
        if "3" in stored:
            harness.stopping.set()
        return tuple(answer(event) for event in events)

    handlers = Handlers(each={}, deferred={}, batch=store)
    for _ in range(FAILURE_LIMIT):
        with pytest.raises(StateLost):
            await harness.session(handlers)
    await harness.session(handlers)
    assert stored == ["1", "3"]
    assert harness.alerts() == ["1", "3"]
    assert [event.data.reason for event in harness.bus.events(f"{COMMAND}.dead")] == ["2"]


async def test_a_hook_that_fails_for_one_event_counts_against_that_one(harness: ConsumerHarness) -> None:
    await harness.publish(1, 2, 3)
    changed: list[str] = []

    def handle(event: Event[Any], now_ms: int) -> tuple[Event[Any], ...]:
        changed.append(event.data.reason)
        if event.data.reason == "3":
            harness.stopping.set()
        return (answer(event),)

    async def make_durable() -> None:
        if "2" in changed:
            changed.clear()
            raise ValueError("cannot be stored")

    handlers = Handlers(each={COMMAND: handle}, deferred={}, before_commit=make_durable)
    with pytest.raises(HookFailed):
        await harness.session(handlers)
    harness.stopping.clear()
    for _ in range(FAILURE_LIMIT):
        with pytest.raises(StateLost):
            await harness.session(handlers, batch_entries=1)
    await harness.session(handlers, batch_entries=1)
    assert harness.alerts() == ["1", "3"]
    assert [event.data.reason for event in harness.bus.events(f"{COMMAND}.dead")] == ["2"]


async def test_a_deferred_handler_keeps_its_event_pending_and_others_pass(harness: ConsumerHarness) -> None:
    await harness.publish(1, 2)
    slow = asyncio.Event()
    second_done = asyncio.Event()

    async def later(event: Event[Any]) -> tuple[Event[Any], ...]:
        await slow.wait()
        return (answer(event),)

    def start(event: Event[Any], now_ms: int) -> Any:
        if event.data.reason == "1":
            return later(event)
        second_done.set()
        return (answer(event),)

    session = asyncio.ensure_future(harness.session(Handlers(each={}, deferred={COMMAND: start})))
    await asyncio.wait_for(second_done.wait(), 60)
    while harness.alerts() != ["2"]:
        await asyncio.sleep(0)
    assert await harness.pending() == ["1"]
    slow.set()
    while harness.alerts() != ["2", "1"]:
        await asyncio.sleep(0)
    assert await harness.pending() == []
    harness.stopping.set()
    await harness.publish(3)
    await session


async def test_a_handler_past_the_drain_limit_leaves_its_event_pending(harness: ConsumerHarness) -> None:
    await harness.publish(1)
    asked = asyncio.Event()

    async def never(event: Event[Any]) -> tuple[Event[Any], ...]:
        asked.set()
        await asyncio.Event().wait()
        return ()

    session = asyncio.ensure_future(
        harness.session(Handlers(each={}, deferred={COMMAND: lambda event, now_ms: never(event)}))
    )
    await asyncio.wait_for(asked.wait(), 60)
    harness.stopping.set()
    await session
    assert await harness.pending() == ["1"]


async def test_a_wiped_bus_ends_the_session_as_an_outage(harness: ConsumerHarness) -> None:
    await harness.publish(1)

    def wipe(event: Event[Any]) -> None:
        harness.bus.wipe()

    with pytest.raises((Unavailable, StateLost)):
        await harness.session(Handlers(each={COMMAND: stops_after(harness, 9, wipe)}, deferred={}))
    assert harness.alerts() == []


async def test_more_dead_letters_than_the_cap_end_the_service(harness: ConsumerHarness) -> None:
    await harness.publish(*range(MAX_DEAD_LETTERS + 1))

    def handle(event: Event[Any], now_ms: int) -> tuple[Event[Any], ...]:
        raise ValueError("no")

    consumer = harness.consumer(Handlers(each={COMMAND: handle}, deferred={}))
    for _ in range((MAX_DEAD_LETTERS + 1) * FAILURE_LIMIT - 1):
        with pytest.raises(StateLost):
            await consumer.session(harness.stopping, lambda: None)
    with pytest.raises(TooManyDeadLetters):
        await consumer.session(harness.stopping, lambda: None)
