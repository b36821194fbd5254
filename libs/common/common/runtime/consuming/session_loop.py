"""Runs one consumer session after another until the service stops."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from structlog.typing import FilteringBoundLogger

from common.bus.port import Bus, Delivery, Fenced, Unavailable
from common.events.catalog import CATALOG, streams_read_by
from common.runtime import metrics
from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.runtime.consuming.consumer import CLAIM_IDLE_MS, Consumer
from common.runtime.consuming.handlers import Handlers
from common.runtime.consuming.lease import Lease
from common.runtime.consuming.session_end import HandlerFailed, StateLost
from common.runtime.ending.tasks import cancel_until_done
from common.runtime.outages import is_outage

CONNECTION_CONDITION = "events"


class SessionLoop:
    """Decides by a session's end whether and how the next one begins.

    An outage, a refused commit, a handler's failure or a lost lease ends a session; after a pause, which doubles up to
    a cap and is reset by a session that started, the next one rebuilds the state and goes on. Any other exception
    leaves `run`. With a lease a session begins only once the lease is held; until then the instance stands by, not
    ready. Losing the lease during a session cancels it: its commits would be refused anyway. The lease is renewed
    beside the sessions and between them, so that an owner without a bus knows that it is one.
    """

    def __init__(
        self,
        name: str,
        bus: Bus,
        clock: Clock,
        log: FilteringBoundLogger,
        *,
        instance: str,
        handlers: Handlers,
        lease: Lease | None,
        stopping: asyncio.Event,
        set_ready: Callable[[str, bool, str], None],
        on_dead_letter: Callable[[Delivery, str], None] = lambda delivery, reason: None,
        drain_limit_s: float,
    ) -> None:
        self._name, self._instance = name, instance
        self._bus, self._clock, self._log = bus, clock, log
        self._handlers, self._lease, self._stopping, self._set_ready = handlers, lease, stopping, set_ready
        self._drain_limit_s, self._on_dead_letter = drain_limit_s, on_dead_letter
        self._pause = Backoff(base_s=0.2, cap_s=5)

    async def run(self) -> None:
        """Runs sessions until the stop, then drains. Raises what no further session could cure."""
        keeping = None if self._lease is None else asyncio.ensure_future(self._lease.keep())
        streams = self._streams()
        consumer = self._consumer(streams)
        try:
            await self._run_sessions(consumer, streams)
            await self._drain(consumer)
        finally:
            await consumer.cancel_deferred()
            if keeping is not None:
                keeping.cancel()

    async def _run_sessions(self, consumer: Consumer, streams: tuple[str, ...]) -> None:
        while not self._stopping.is_set():
            try:
                await self._session(consumer, streams)
                continue
            except HandlerFailed as failure:
                await self._record_deferred_failure(consumer, failure)
            except StateLost as error:
                self._log.warning("state dropped; rebuilding", reason=str(error))
            except Fenced as error:
                self._log.warning("a commit was refused: another instance has acquired the lease", reason=str(error))
                if self._lease is not None:
                    self._lease.lose()
            except Exception as error:
                if not is_outage(error):
                    self._log.exception("the consumer loop failed; the service stops")
                    raise
                metrics.OUTAGES_SEEN.inc()
                self._set_ready(CONNECTION_CONDITION, False, str(error))
                self._log.warning("a dependency is unavailable; retrying", reason=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause.next_s()):
                    await self._stopping.wait()

    async def _drain(self, consumer: Consumer) -> None:
        """Waits for deferred handlers; what one of them ended by is counted or reported, and ends nothing any more."""
        try:
            await consumer.drain()
        except HandlerFailed as failure:
            await self._record_deferred_failure(consumer, failure)
        except (StateLost, Fenced) as error:
            self._log.warning("stopping: an answer was refused", reason=str(error))

    async def _session(self, consumer: Consumer, streams: tuple[str, ...]) -> None:
        """One session, under the lease where there is one; losing it ends the session."""
        if self._lease is None:
            await self._session_without_lease(consumer, streams)
            return
        if not self._lease.is_held:
            self._set_ready("lease", False, "standing by: another process holds the lease")
            if not await self._lease.acquire(self._stopping):
                return
            self._set_ready("lease", True, "")
        losing = asyncio.ensure_future(self._lease.wait_until_lost())
        consuming = asyncio.ensure_future(self._session_without_lease(consumer, streams))
        try:
            await asyncio.wait({losing, consuming}, return_when=asyncio.FIRST_COMPLETED)
            if not consuming.done():
                raise Fenced(f"the lease {self._name} was lost")
            consuming.result()
        finally:
            await cancel_until_done((losing, consuming))

    async def _session_without_lease(self, consumer: Consumer, streams: tuple[str, ...]) -> None:
        if streams:
            await consumer.session(self._stopping, self._note_start)
            return
        await self._bus.prepare(self._name, ())
        if self._handlers.rebuild is not None:
            await self._handlers.rebuild()
        self._note_start()
        await self._stopping.wait()

    def _note_start(self) -> None:
        self._pause.reset()
        self._set_ready(CONNECTION_CONDITION, True, "")
        self._set_ready("start", True, "")

    def _streams(self) -> tuple[str, ...]:
        if self._handlers.batch is not None:
            return streams_read_by(self._name)
        handled = {*self._handlers.each, *self._handlers.deferred}
        if unknown := handled - set(streams_read_by(self._name)):
            raise ValueError(f"{self._name} handles {sorted(unknown)}, which the catalog does not give it")
        return tuple(stream for stream in CATALOG if stream in handled)

    def _consumer(self, streams: tuple[str, ...]) -> Consumer:
        return Consumer(
            self._bus,
            self._clock,
            self._log,
            service=self._name,
            # Under a lease one process consumes at a time: its successor goes on with what it has left pending.
            consumer=self._name if self._lease is not None else f"{self._name}-{self._instance}",
            claim_idle_ms=0 if self._lease is not None else CLAIM_IDLE_MS,
            streams=streams,
            handlers=self._handlers,
            fence=lambda: self._lease.fence if self._lease is not None else None,
            is_outage=is_outage,
            on_dead_letter=self._on_dead_letter,
            drain_limit_s=self._drain_limit_s,
        )

    async def _record_deferred_failure(self, consumer: Consumer, failure: HandlerFailed) -> None:
        """Counts a deferred handler's failure; when Redis can't be reached the entry stays pending, uncounted."""
        try:
            await consumer.record_failure(failure)
        except Unavailable as error:
            self._log.warning("Redis is unavailable; retrying", reason=str(error))
