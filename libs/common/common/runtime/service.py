"""A service: opens what every one needs, runs its consumer loop through every outage, and ends cleanly on SIGTERM."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvloop
from redis.utils import HIREDIS_AVAILABLE

from common.bus.port import Bus, Commit, CommitResult, Fenced, Unavailable
from common.bus.redis_streams import RedisBus
from common.events.catalog import CATALOG, role_of, streams_read_by
from common.events.control import AlertSeverity, SystemAlert
from common.events.envelope import Event, Payload, originate
from common.runtime import metrics
from common.runtime.backoff import Backoff
from common.runtime.clock import Clock, SystemClock
from common.runtime.consumer import (
    BATCH_ENTRIES,
    BatchHandler,
    Consumer,
    Handler,
    HandlerFailed,
    Handlers,
    Hook,
    HookFailed,
    StateLost,
)
from common.runtime.health import HealthServer, Readiness
from common.runtime.lease import Lease
from common.runtime.logs import configure_logs
from common.runtime.outages import is_outage
from common.runtime.presence import EVERY_S as PRESENCE_EVERY_S
from common.runtime.presence import Presence
from common.runtime.settings import ServiceSettings, refuse_start

TRIM_EVERY_S = 15.0
DRAIN_S = 3.0
FENCED_PAUSE_S = 0.2
CONNECTION_CONDITION = "events"


class Service:
    """One service's connection to the rest. Made by `Service.open`; see the class's methods for what it offers."""

    def __init__(self, name: str, settings: ServiceSettings, bus: Bus, clock: Clock, log: Any, *, lease: bool) -> None:
        self.name, self.settings, self.bus, self.clock, self.log = name, settings, bus, clock, log
        self.stopping = asyncio.Event()
        self.readiness = Readiness()
        self._handlers = Handlers(each={}, deferred={})
        self._tasks: dict[str, Callable[[], Awaitable[None]]] = {}
        self._lease = Lease(bus, clock, log, name=name, owner=f"{name}-{settings.instance}") if lease else None
        self._commit_turn = asyncio.Lock()
        self._opener: asyncio.Task[Any] | None = None
        self._batch_entries = BATCH_ENTRIES
        if lease:
            metrics.LEASE_HELD.set(0)
        else:
            metrics.LEASE_HELD.set(1)

    @property
    def redis(self) -> Any:
        """The Redis client, for cache keys only; events go through handlers and `publish`."""
        assert isinstance(self.bus, RedisBus)  # noqa: S101 - only the in-memory bus has none
        return self.bus.client

    @property
    def is_owner(self) -> bool:
        """Whether this instance holds the service's lease; always true for a service without one."""
        return self._lease is None or self._lease.is_held

    @classmethod
    @asynccontextmanager
    async def open(cls, name: str, settings: ServiceSettings, *, lease: bool = False) -> AsyncIterator["Service"]:
        """The service, with logs, health server and Redis; a taken port or a missing hiredis ends the start."""
        log = configure_logs(name, settings.log_level)
        if not HIREDIS_AVAILABLE:
            refuse_start(
                name, ["hiredis is not installed: reading streams would be six times slower; install redis[hiredis]"]
            )
        bus = RedisBus(settings.redis_url)
        service = cls(name, settings, bus, SystemClock(), log, lease=lease)
        try:
            health = HealthServer(settings.bind_host, settings.metrics_port, service.readiness)
        except OSError as error:
            refuse_start(
                name, [f"METRICS_PORT: {settings.bind_host}:{settings.metrics_port} can't be used: {error.strerror}"]
            )
        service._opener = asyncio.current_task()
        service._catch_signals()
        log.info("started", metrics_port=health.port)
        try:
            yield service
        except asyncio.CancelledError:
            if not service.stopping.is_set():
                raise
        finally:
            health.close()
            with suppress(Unavailable):
                await bus.close()
            log.info("stopped")

    def on(self, payload: type[Payload], handler: Handler) -> None:
        """Has `handler(event, now_ms)` called for every event of a type; what it returns is published with the ack."""
        self._handlers.each[payload.TYPE] = handler

    def on_deferred(self, payload: type[Payload], handler: Handler) -> None:
        """Like `on`, for answers that take seconds: the event stays pending meanwhile, the loop goes on."""
        self._handlers.deferred[payload.TYPE] = handler

    def on_batch(self, handler: BatchHandler) -> None:
        """Has `handler(events, now_ms)` called with every batch of all streams the catalogue gives this service."""
        self._handlers.batch = handler

    def on_rebuild(self, hook: Hook) -> None:
        """Called before the first event and whenever memory can't be trusted: drop the state and load it again."""
        self._handlers.rebuild = hook

    def before_commit(self, hook: Hook) -> None:
        """Called after the handlers and before each commit: the place to make one's own table durable."""
        self._handlers.before_commit = hook

    def spawn(self, name: str, task: Callable[[], Awaitable[None]]) -> None:
        """Runs a background task while the service runs; its end by an exception other than Fenced ends the service."""
        self._tasks[name] = task

    def set_ready(self, name: str, ready: bool, reason: str = "") -> None:
        """States one readiness condition; `/readyz` lists the unmet ones with their reasons."""
        self.readiness.set(name, ready, reason)

    async def publish(self, *events: Event[Any], cache: Mapping[str, bytes | str] | None = None) -> CommitResult:
        """Publishes events of outside cause, with cache keys set in the same step; retries until the outcome is known.

        Ids make a repeat harmless. Raises Fenced when the lease has passed to another instance.
        """
        pause = Backoff(base_s=0.1, cap_s=5)
        async with self._commit_turn:
            while True:
                if self._lease is not None and not self._lease.is_held:
                    raise Fenced(f"{self.name} does not hold its lease")
                fence = self._lease.fence if self._lease is not None else None
                try:
                    result = await self.bus.commit(Commit(self.name, events=events, cache=cache or {}, fence=fence))
                except Unavailable as error:
                    self.log.warning("events wait for Redis; check REDIS_URL", events=len(events), reason=str(error))
                    await self.clock.sleep(pause.next_s())
                    continue
                except Fenced:
                    if self._lease is not None:
                        self._lease.lose()
                    raise
                metrics.EVENTS_PUBLISHED.inc(result.published)
                metrics.EVENTS_REPEATED.inc(result.repeated)
                return result

    async def alert(
        self,
        code: str,
        severity: AlertSeverity,
        message: str,
        *,
        model: str | None = None,
        key: object = "",
        **figures: str,
    ) -> None:
        """Publishes a system.alert; `key` tells apart two alerts of one code."""
        now_ms = self.clock.now_ms()
        payload = SystemAlert(
            code=code, severity=severity, service=self.name, model=model, message=message, figures=figures
        )
        self.log.warning("alert", code=code, severity=severity.value, message=message, model=model, **figures)
        await self.publish(
            originate(payload, keys=(self.name, code, model, key, now_ms), time_ms=now_ms, now_ms=now_ms)
        )

    async def run(self) -> None:
        """Runs until SIGTERM or SIGINT, then drains. Raises what a background task or the dead-letter cap ended by."""
        self._opener = None
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(self._guarded(name, task), name=name) for name, task in self._tasks.items()]
            running.append(group.create_task(self._trim(), name="trim"))
            running.append(group.create_task(self._tell_presence(), name="presence"))
            consuming = group.create_task(self._consume(), name="consume")
            stop = group.create_task(self.stopping.wait(), name="stop")
            await stop
            self.set_ready("stop", False, "stopping")
            await consuming
            for task in running:
                task.cancel()
        if self._lease is not None:
            with suppress(Unavailable):
                await self._lease.release()

    def stop(self) -> None:
        self.stopping.set()

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)

    def _end(self) -> None:
        """What a signal does: `run` drains; a start that still waits for a store has nothing to drain and is left."""
        self.stop()
        if self._opener is not None:
            self._opener.cancel()

    async def _guarded(self, name: str, task: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await task()
            except Fenced as error:
                # As the consumer does: what the task has kept is published once the lease is ours again.
                self.log.warning("a background task was fenced; it begins again", task=name, reason=str(error))
                await self.clock.sleep(FENCED_PAUSE_S)
                while not self.is_owner:
                    await self.clock.sleep(FENCED_PAUSE_S)
            except Exception:
                self.log.exception("a background task failed", task=name)
                raise

    async def _consume(self) -> None:
        streams = self._streams()
        pause = Backoff(base_s=0.2, cap_s=5)
        while not self.stopping.is_set():
            consumer = self._consumer(streams)
            try:
                await self._session(consumer, streams, pause)
            except HandlerFailed as failure:
                await self._forgiving(consumer.blame_deferred(failure), pause)
            except StateLost as error:
                if isinstance(error, HookFailed):
                    self._batch_entries = 1
                self.log.warning("state dropped; rebuilding", reason=str(error))
                await self._pause(pause)
            except Fenced as error:
                self.log.warning("fenced: a newer owner has taken over", reason=str(error))
                if self._lease is not None:
                    self._lease.lose()
                await self._pause(pause)
            except Exception as error:
                if not is_outage(error):
                    self.log.exception("the consumer loop failed")
                    raise
                metrics.OUTAGES_SEEN.inc()
                self.set_ready(CONNECTION_CONDITION, False, str(error))
                self.log.warning("something this service depends on is away; trying again", reason=str(error))
                await self._pause(pause)

    async def _session(self, consumer: Consumer, streams: tuple[str, ...], pause: Backoff) -> None:
        def started() -> None:
            pause.reset()
            self.set_ready(CONNECTION_CONDITION, True)
            self.set_ready("start", True)

        if self._lease is None:
            await self._without_lease(consumer, streams, started)
            return
        if not self._lease.is_held:
            self.set_ready("lease", False, "standing by: another instance holds the lease")
            if not await self._lease.acquire(self.stopping):
                return
            self.set_ready("lease", True)
        keeping = asyncio.ensure_future(self._lease.keep())
        consuming = asyncio.ensure_future(self._without_lease(consumer, streams, started))
        try:
            await asyncio.wait({keeping, consuming}, return_when=asyncio.FIRST_COMPLETED)
            if not consuming.done():
                raise Fenced(f"the lease {self.name} was lost")
            consuming.result()
        finally:
            for task in (keeping, consuming):
                task.cancel()
            await asyncio.gather(keeping, consuming, return_exceptions=True)

    async def _without_lease(self, consumer: Consumer, streams: tuple[str, ...], started: Callable[[], None]) -> None:
        if streams:
            await consumer.session(self.stopping, started)
            return
        await self.bus.prepare(self.name, ())
        if self._handlers.rebuild is not None:
            await self._handlers.rebuild()
        started()
        await self.stopping.wait()

    def _streams(self) -> tuple[str, ...]:
        if self._handlers.batch is not None:
            return streams_read_by(self.name)
        wanted = {*self._handlers.each, *self._handlers.deferred}
        if unknown := wanted - set(streams_read_by(self.name)):
            raise ValueError(f"{self.name} handles {sorted(unknown)}, which the catalogue does not give it")
        return tuple(stream for stream in CATALOG if stream in wanted)

    def _consumer(self, streams: tuple[str, ...]) -> Consumer:
        return Consumer(
            self.bus,
            self.clock,
            self.log,
            service=self.name,
            consumer=f"{self.name}-{self.settings.instance}",
            streams=streams,
            handlers=self._handlers,
            fence=lambda: self._lease.fence if self._lease is not None else None,
            is_outage=is_outage,
            batch_entries=self._batch_entries,
        )

    async def _forgiving(self, step: Awaitable[None], pause: Backoff) -> None:
        """Carries out a step that an outage may interrupt; the session that follows repeats what is needed."""
        try:
            await step
        except Unavailable as error:
            self.log.warning("Redis is away; trying again", reason=str(error))
        await self._pause(pause)

    async def _pause(self, pause: Backoff) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), pause.next_s())

    async def _tell_presence(self) -> None:
        """Tells how the owner is; a standby keeps silent, since the key is the service's, not the instance's."""
        presence = Presence(self.name, self.bus, self.clock, self.readiness)
        while True:
            if self.is_owner:
                await presence.tell()
            await self.clock.sleep(PRESENCE_EVERY_S)

    async def _trim(self) -> None:
        """Trims the streams of which this service is the first producer."""
        mine = [spec for spec in CATALOG.values() if spec.producers[0] == role_of(self.name)]
        while mine:
            await self.clock.sleep(TRIM_EVERY_S)
            for spec in mine:
                try:
                    trimmed = await self.bus.trim(
                        spec.type, retention_ms=spec.retention_ms, hard_cap_entries=spec.hard_cap_entries
                    )
                except Unavailable:
                    break
                for broken in trimmed.broken_groups:
                    await self.alert(
                        "GROUP_BROKEN",
                        AlertSeverity.CRITICAL,
                        f"{spec.type} reached its cap; {broken} has lost entries that it had not read",
                        stream=spec.type,
                        group=broken,
                    )


def calm_collector() -> None:
    """Sets what was imported aside and lets the garbage collector run seldom: batches of events took a third longer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def run_service(main: Callable[[], Awaitable[None]]) -> None:
    """Runs a service's main under uvloop."""

    async def whole() -> None:
        await main()

    calm_collector()

    uvloop.run(whole())
