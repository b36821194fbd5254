"""A service: opens what every one needs, runs its consumer through every outage, and drains on SIGTERM."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvloop
from redis.asyncio import Redis
from redis.utils import HIREDIS_AVAILABLE
from structlog.typing import FilteringBoundLogger

from common.bus import retention
from common.bus.port import Bus, Commit, CommitResult, Fenced, Unavailable
from common.bus.redis_streams import RedisBus
from common.events.alerts import AlertCode
from common.events.catalog import streams_read_by
from common.events.control import AlertSeverity, SystemAlert
from common.events.envelope import Event, Payload, originate
from common.runtime import metrics, presence
from common.runtime.backoff import Backoff
from common.runtime.clock import Clock, SystemClock
from common.runtime.consuming.consumer import BLOCK_MS, DRAIN_LIMIT_S
from common.runtime.consuming.handlers import BatchHandler, Handler, Handlers, Hook
from common.runtime.consuming.lease import Lease
from common.runtime.consuming.session_loop import SessionLoop
from common.runtime.consuming.unreadable import Place, UnreadableAlerts
from common.runtime.ending import process_end
from common.runtime.ending.tasks import cancel_until_done, first_error
from common.runtime.garbage_collection import tune_gc
from common.runtime.health import HealthServer, Readiness
from common.runtime.logs import configure_logs
from common.runtime.metrics.series import Scope, create_series
from common.runtime.settings import ServiceSettings, refuse_address, refuse_start

BOOT_ID_BYTES = 6
FENCED_PAUSE_S = 0.2
READ_LIMIT_S = BLOCK_MS / 1000 + 0.5
"""How long after a stop the consumer's blocking read may still last; a Redis that hangs is not waited for."""
RELEASE_LIMIT_S = 1.0


class Service:
    """One service's connection to the rest: handlers in, events out, background tasks, readiness.

    *Opened* (`open`: logs, health server, bus client; nothing is read) → *running* (`run`) → *stopping* (SIGTERM,
    SIGINT or `stop`) → *ended*. Handlers, hooks and tasks are registered between `open` and `run`.

    While it runs, one task consumes in sessions (see `SessionLoop`), which survive every outage. Only an error of a
    background task, an unexpected error of the loop, or too many dead letters end the service, by an exception out of
    `run`.

    Stopping: the consumer reads nothing more and drains, background tasks and the lease live on meanwhile so that what
    deferred handlers return can be committed; then the tasks are cancelled and the lease is given back.
    """

    def __init__(
        self,
        name: str,
        settings: ServiceSettings,
        bus: Bus,
        clock: Clock,
        log: FilteringBoundLogger,
        *,
        lease: bool,
        boot_id: str = "",
        drain_limit_s: float = DRAIN_LIMIT_S,
    ) -> None:
        self.name, self.settings, self.bus, self.clock, self.log = name, settings, bus, clock, log
        self.stopping = asyncio.Event()
        self.readiness = Readiness()
        self._handlers = Handlers(each={}, deferred={})
        self._tasks: dict[str, Callable[[], Awaitable[None]]] = {}
        owner = f"{name}-{settings.instance}-{boot_id}"
        self._lease = Lease(bus, clock, log, name=name, owner=owner) if lease else None
        self._unreadable = UnreadableAlerts(clock)
        self._publishing = asyncio.Lock()
        self._opener: asyncio.Task[Any] | None = None
        self._drain_limit_s = drain_limit_s
        metrics.LEASE_HELD.set(0 if lease else 1)

    @property
    def redis(self) -> "Redis":
        """The Redis client, for cache keys only; events go through handlers and `publish`."""
        assert isinstance(self.bus, RedisBus)  # noqa: S101 - only the in-memory bus has none
        return self.bus.client

    @property
    def is_owner(self) -> bool:
        """Whether this process may act as the owner: it holds the lease, or did when the bus last could be asked.

        Always true for a service without a lease. False from the first moment after a freeze (see `Lease`).
        """
        return self._lease is None or self._lease.is_current

    @property
    def is_confirmed_owner(self) -> bool:
        """Whether no other process can be the owner now, also when the bus can't be asked."""
        return self._lease is None or self._lease.is_confirmed

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        name: str,
        settings: ServiceSettings,
        *,
        contenders: Sequence[str] = (),
        lease: bool = False,
        drain_limit_s: float = DRAIN_LIMIT_S,
    ) -> AsyncIterator["Service"]:
        """The service, with logs, health server and Redis; a taken port or a missing hiredis ends the start.
        `contenders` are the ids that its metrics have as the label `model`.

        SIGTERM and SIGINT are caught from here on. One that arrives before `run` cancels the body of the `async with`,
        which then ends without an error: a start that waits for a store has nothing to drain.
        """
        log = configure_logs(name, settings.log_level)
        if not HIREDIS_AVAILABLE:
            refuse_start(
                name, ["hiredis is not installed: reading streams would be six times slower; install redis[hiredis]"]
            )
        create_series({Scope.CONTENDER: contenders, Scope.STREAM: streams_read_by(name)})
        bus = RedisBus(settings.redis_url)
        boot_id = secrets.token_hex(BOOT_ID_BYTES)
        service = cls(
            name, settings, bus, SystemClock(), log, lease=lease, boot_id=boot_id, drain_limit_s=drain_limit_s
        )
        try:
            health = HealthServer(settings.bind_host, settings.metrics_port, service.readiness)
        except OSError as error:
            refuse_address(name, "METRICS_PORT", settings.bind_host, settings.metrics_port, error)
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

    def on(self, payload: type[Payload], handler: Handler, *, comes_last: bool = False) -> None:
        """Has `handler(event, now_ms)` called for every event of a type; its result is published with the ack.

        One that `comes_last` is called after the handlers of all other events that are committed with it.
        """
        self._handlers.each[payload.TYPE] = handler
        if comes_last:
            self._handlers.last.add(payload.TYPE)

    def on_deferred(self, payload: type[Payload], handler: Handler) -> None:
        """Like `on`, for handlers that take seconds: the event stays pending meanwhile, the loop goes on."""
        self._handlers.deferred[payload.TYPE] = handler

    def on_batch(self, handler: BatchHandler) -> None:
        """Has `handler(events, now_ms)` called with every batch of all streams the catalog gives this service."""
        self._handlers.batch = handler

    def on_rebuild(self, hook: Hook) -> None:
        """Has `hook` called at the start of every session: it drops the state in memory and loads it again."""
        self._handlers.rebuild = hook

    def before_commit(self, hook: Hook) -> None:
        """Has `hook` called after the handlers and before each commit: the place to persist the service's own table."""
        self._handlers.before_commit = hook

    def spawn(self, name: str, task: Callable[[], Awaitable[None]]) -> None:
        """Runs a background task while the service runs; its end by an exception other than Fenced ends the service."""
        self._tasks[name] = task

    def set_ready(self, name: str, ready: bool, reason: str = "") -> None:
        """Sets one readiness condition; `/readyz` lists the unmet ones with their reasons."""
        self.readiness.set(name, ready, reason)

    async def publish(self, *events: Event[Any], cache: Mapping[str, bytes | str] | None = None) -> CommitResult:
        """Publishes events of outside cause, with cache keys set in the same step; retries until the outcome is known.

        Calls take turns, so that events of one task keep their order. Ids make a repeat after a lost reply harmless.
        Raises Fenced when another process has acquired the lease: nothing of the call took effect.
        """
        pause = Backoff(base_s=0.1, cap_s=5)
        async with self._publishing:
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
        code: AlertCode,
        severity: AlertSeverity,
        message: str,
        *,
        model: str | None = None,
        key: object = "",
        **figures: str,
    ) -> None:
        """Publishes a system.alert; `key` distinguishes two alerts of one code."""
        now_ms = self.clock.now_ms()
        payload = SystemAlert(
            code=code, severity=severity, service=self.name, model=model, message=message, figures=figures
        )
        self.log.warning("alert", code=code, severity=severity.value, message=message, model=model, **figures)
        await self.publish(
            originate(payload, keys=(self.name, code, model, key, now_ms), time_ms=now_ms, now_ms=now_ms)
        )

    def report_unreadable(self, table: str, key: object, reason: object) -> None:
        """Has an alert say that a row, which every read meets again, can't be read and is left out; once per row."""
        self.log.error("left out an unreadable row", table=table, key=str(key), reason=str(reason)[:500])
        self._unreadable.note_row(table, str(key), str(reason)[:500])

    async def run(self) -> None:
        """Runs until SIGTERM, SIGINT or `stop`, then drains within the limit (see the class).

        Raises an ExceptionGroup of what a background task, the loop or the dead-letter cap ended by. In every case
        each task has ended by then; `process_end` bounds how long that may take.
        """
        self._opener = None
        own = {"unreadable": self._alert_unreadable}
        present = presence.Presence(self.name, self.bus, self.clock, self.readiness).keep(lambda: self.is_owner)
        tasks = [
            asyncio.create_task(self._unfenced(name, task), name=name) for name, task in (self._tasks | own).items()
        ]
        tasks += [asyncio.create_task(self._trim(), name="trim"), asyncio.create_task(present, name="presence")]
        consuming = asyncio.create_task(self._consume(), name="consume")
        stop = asyncio.create_task(self._wait_for_stop(), name="stop")
        tasks += [consuming, stop]
        try:
            error = await first_error(tasks, until=stop)
            self.set_ready("stop", False, "stopping")
            if error is None:
                error = await first_error(tasks, until=consuming, limit_s=READ_LIMIT_S + self._drain_limit_s)
        finally:
            process_end.begin(asked=self.stopping.is_set())
            await cancel_until_done(tasks)
        if error is not None:
            raise ExceptionGroup(f"{self.name} failed", [error])
        if self._lease is not None:
            with suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(RELEASE_LIMIT_S):
                    await self._lease.release()

    def stop(self) -> None:
        """Begins the stop; `run` returns once drained."""
        process_end.begin(asked=True)
        self.stopping.set()

    async def _wait_for_stop(self) -> None:
        await self.stopping.wait()

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)

    def _on_signal(self) -> None:
        self.stop()
        if self._opener is not None:
            self._opener.cancel()

    async def _unfenced(self, name: str, task: Callable[[], Awaitable[None]]) -> None:
        """Runs a background task; one that was fenced begins again once the lease is held."""
        while True:
            try:
                return await task()
            except Fenced as error:
                # What the task has kept in memory is published by its next run.
                self.log.warning(
                    "background task ended: another instance has acquired the lease; it starts again with the lease",
                    task=name,
                    reason=str(error),
                )
                await self.clock.sleep(FENCED_PAUSE_S)
                while not self.is_owner:
                    await self.clock.sleep(FENCED_PAUSE_S)
            except Exception:
                self.log.exception("background task failed", task=name)
                raise

    async def _consume(self) -> None:
        loop = SessionLoop(
            self.name,
            self.bus,
            self.clock,
            self.log,
            instance=self.settings.instance,
            handlers=self._handlers,
            lease=self._lease,
            stopping=self.stopping,
            set_ready=self.set_ready,
            on_dead_letter=self._unreadable.note_entry,
            drain_limit_s=self._drain_limit_s,
        )
        await loop.run()

    async def _alert_unreadable(self) -> None:
        async def alert(place: Place, message: str, figures: dict[str, str]) -> None:
            await self.alert(place.code, AlertSeverity.CRITICAL, message, key=place.name, place=place.name, **figures)

        await self._unreadable.run(alert)

    async def _trim(self) -> None:
        specs = retention.streams_trimmed_by(self.name)
        while specs:
            await self.clock.sleep(retention.EVERY_S)
            for spec, group in await retention.trim_streams(self.bus, specs):
                await self.alert(
                    AlertCode.GROUP_BROKEN,
                    AlertSeverity.CRITICAL,
                    f"{spec.type} reached its cap; {group} has lost entries that it had not read",
                    stream=spec.type,
                    group=group,
                )


def run_service(main: Callable[[], Awaitable[None]]) -> None:
    """Runs a service's main under uvloop. From the first sign of its end on, the process has `process_end.LIMIT_S`."""

    async def whole() -> None:
        try:
            await main()
        except BaseException:
            process_end.begin(asked=False)
            raise
        process_end.begin(asked=True)

    process_end.enable()
    tune_gc()
    uvloop.run(whole())
