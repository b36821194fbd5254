"""The consumer loop: reads one service's streams, calls its handlers, and commits what they return."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from structlog import contextvars
from structlog.typing import FilteringBoundLogger

from common.bus.port import Bus, Commit, CommitResult, Delivery, Fence, Fenced, Handled
from common.events.codec import UnusableEvent
from common.runtime import metrics
from common.runtime.clock import Clock
from common.runtime.consuming.deferred import DeferredAnswers
from common.runtime.consuming.handlers import BatchHandler, Handlers, Outputs
from common.runtime.consuming.session_end import HandlerFailed, HookFailed, Refused, StateLost, TooManyDeadLetters
from common.trading.durations import NEVER

BATCH_ENTRIES = 256
BLOCK_MS = 1_000
CLAIM_IDLE_MS = 60_000
CLAIM_EVERY_S = 15.0
DRAIN_LIMIT_S = 6.5
"""How long deferred handlers may go on after a stop; with the read before it, and what closes after it, the end still
comes before `process_end` cuts it off."""
FAILURE_LIMIT = 5
MAX_DEAD_LETTERS = 20
DEAD_LETTER_WINDOW_MS = 600_000
REASON_CHARACTERS = 500


class Consumer:
    """Reads one service's streams as one member of its consumer group, in sessions.

    For this consumer an entry is *new* (in the stream), *pending* (delivered, not acknowledged), *running* or
    *answered* (pending, see `DeferredAnswers`), and in the end *acknowledged* or *dead-lettered*. Only a commit or the
    failure limit ends "pending"; both happen in the bus, atomically. A process that dies at any point therefore leaves
    its entries pending, and the next session of the same consumer name reads them first; those of another name are
    claimed once they have been idle for `claim_idle_ms`: 0 under a lease, which lets no other consumer handle them.

    One object serves all sessions of a process: the window of dead letters and deferred handlers span them. One task
    calls `session`, then `drain`, and in any case `cancel_deferred`; deferred handlers run in tasks of their own, which
    only this object starts and awaits. All commits of a session
    happen in the loop or in such a task, each atomic, in no promised order between them. A handler's own error counts
    against its entry (`record_failure`); an outage, a refused commit or a lost lease counts against none and ends the
    session. An entry that can't be read, or whose event is unusable here, is dead-lettered at once and ends nothing:
    no handler has changed memory for it, and whoever can write to a stream could end a service by a few of them.
    `fence` returns the current proof of ownership, or None without a lease; `on_dead_letter` is called with every
    dead letter and its reason.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        log: FilteringBoundLogger,
        *,
        service: str,
        consumer: str,
        streams: Sequence[str],
        handlers: Handlers,
        fence: Callable[[], Fence | None],
        is_outage: Callable[[BaseException], bool],
        on_dead_letter: Callable[[Delivery, str], None] = lambda delivery, reason: None,
        claim_idle_ms: int = CLAIM_IDLE_MS,
        batch_entries: int = BATCH_ENTRIES,
        drain_limit_s: float = DRAIN_LIMIT_S,
    ) -> None:
        self._claim_idle_ms, self._batch_entries = claim_idle_ms, batch_entries
        self._bus, self._clock, self._log = bus, clock, log
        self._service, self._consumer, self._streams = service, consumer, tuple(streams)
        self._handlers, self._fence, self._is_outage = handlers, fence, is_outage
        self._on_dead_letter = on_dead_letter
        self._deferred = DeferredAnswers(
            clock,
            log,
            commit=lambda delivery, outputs: self._commit([(delivery, outputs)]),
            is_outage=is_outage,
            drain_limit_s=drain_limit_s,
        )
        self._dead_at_ms: list[int] = []
        self._claimed_at_s = NEVER

    async def session(self, stopping: asyncio.Event, started: Callable[[], None]) -> None:
        """Consumes until `stopping` is set; calls `started` once the pending entries are dealt with.

        A session starts from nothing: it creates missing groups, rebuilds the state, commits the answers that an outage
        has kept, re-reads its own pending entries, then alternates between claiming stale entries and reading new ones.
        Once `stopping` is set no deferred handler starts. Raises what ended it otherwise; the caller decides whether
        another session begins. Deferred handlers that run go on, unless another process has acquired the lease.
        """
        self._claimed_at_s = NEVER
        try:
            await self._bus.prepare(self._service, self._streams)
            if self._handlers.rebuild is not None:
                metrics.REBUILDS.inc()
                await self._handlers.rebuild()
            await self._deferred.begin_session()
            await self._read_own_pending(stopping)
            started()
            while not stopping.is_set():
                await self._claim_stale(stopping)
                new = await self._bus.read_new(
                    self._service, self._consumer, self._streams, count=self._batch_entries, block_ms=BLOCK_MS
                )
                await self._process(new, stopping)
                self._deferred.raise_failure()
        except (Fenced, asyncio.CancelledError):
            await self._deferred.cancel()
            raise

    async def drain(self) -> None:
        """Waits after the stop for deferred handlers, and commits what they return, within the drain limit."""
        await self._deferred.drain()

    async def cancel_deferred(self) -> None:
        """Cancels the deferred handlers that run; their entries stay pending."""
        await self._deferred.cancel()

    async def record_failure(self, failure: HandlerFailed) -> None:
        """Counts a handler's failure on its entry in the bus, which dead-letters it at the limit.

        Raises TooManyDeadLetters past the cap, and Unavailable: the entry then stays pending, uncounted.
        """
        delivery = failure.delivery
        metrics.HANDLER_FAILURES.labels(delivery.stream).inc()
        reason = repr(failure.cause)[:REASON_CHARACTERS]
        place = (self._service, delivery.stream, delivery.entry_id)
        outcome = await self._bus.fail(*place, reason=reason, limit=FAILURE_LIMIT)
        exc_info = failure.cause if isinstance(failure.cause, Exception) else None
        self._log.error(
            "a handler failed",
            stream=delivery.stream,
            entry_id=delivery.entry_id,
            failures=outcome.count,
            dead=outcome.dead,
            reason=reason,
            exc_info=exc_info,
        )
        if outcome.dead:
            self._on_dead_letter(delivery, reason)
            self._count_dead_letter(delivery.stream)

    async def _set_aside(self, delivery: Delivery, reason: str) -> None:
        """Dead-letters an entry that no handler can use. Not counted towards the cap: no handler has failed."""
        reason = reason[:REASON_CHARACTERS]
        await self._bus.fail(self._service, delivery.stream, delivery.entry_id, reason=reason, limit=1)
        metrics.DEAD_LETTERS.labels(delivery.stream).inc()
        self._log.error("set an entry aside", stream=delivery.stream, entry_id=delivery.entry_id, reason=reason)
        self._on_dead_letter(delivery, reason)

    async def _read_own_pending(self, stopping: asyncio.Event) -> None:
        after: dict[str, str] = {}
        while not stopping.is_set():
            pending = await self._bus.read_pending(
                self._service, self._consumer, self._streams, after=after, count=self._batch_entries
            )
            if not pending:
                return
            after |= {delivery.stream: delivery.entry_id for delivery in pending}
            await self._process(pending, stopping)

    async def _claim_stale(self, stopping: asyncio.Event) -> None:
        """Every `CLAIM_EVERY_S` takes over entries that another consumer of the group has left pending for long."""
        if self._clock.monotonic() - self._claimed_at_s < CLAIM_EVERY_S:
            return
        self._claimed_at_s = self._clock.monotonic()
        claimed = await self._bus.claim(
            self._service, self._consumer, self._streams, min_idle_ms=self._claim_idle_ms, count=self._batch_entries
        )
        await self._process(claimed, stopping)

    async def _process(self, deliveries: Sequence[Delivery], stopping: asyncio.Event) -> None:
        """Handles the entries in each stream's order and commits them together; a failing one ends the session.

        The entries before the failing one are committed, those after it stay pending. An entry whose deferred handler
        runs or has answered is skipped: re-reads and claims deliver it again meanwhile.
        """
        idle: list[Delivery] = []
        for delivery in sorted(deliveries, key=lambda each: each.stream in self._handlers.last):
            if delivery.event is None:
                await self._set_aside(delivery, delivery.error or "unreadable")
            elif not self._deferred.holds(delivery):
                idle.append(delivery)
        if not idle:
            return
        if self._handlers.batch is not None:
            await self._process_batch(idle, self._handlers.batch)
            return
        done: list[tuple[Delivery, Outputs]] = []
        try:
            for delivery in idle:
                if delivery.stream in self._handlers.deferred:
                    if not stopping.is_set():
                        self._deferred.start(delivery, self._handlers.deferred[delivery.stream])
                    continue
                try:
                    done.append((delivery, await self._handle(delivery)))
                except UnusableEvent as error:
                    await self._set_aside(delivery, str(error))
        except HandlerFailed as failure:
            await self._commit(done)
            await self.record_failure(failure)
            raise StateLost(f"handler of {failure.delivery.stream} failed") from failure
        await self._commit(done)

    async def _process_batch(self, deliveries: Sequence[Delivery], handler: BatchHandler) -> None:
        """Handles a batch whole; after the handler's own error one by one, so that one bad event is found."""
        try:
            outputs = await handler([d.event for d in deliveries if d.event is not None], self._clock.now_ms())
        except Exception as error:
            if self._is_outage(error):
                raise
            if len(deliveries) > 1:
                for delivery in deliveries:
                    await self._process_batch([delivery], handler)
                return
            if isinstance(error, UnusableEvent):
                await self._set_aside(deliveries[0], str(error))
                return
            await self.record_failure(HandlerFailed(deliveries[0], error))
            raise StateLost(f"handler of {deliveries[0].stream} failed") from error
        heads: list[tuple[Delivery, Outputs]] = [(delivery, ()) for delivery in deliveries[:-1]]
        await self._commit([*heads, (deliveries[-1], outputs)], outputs_of_whole=True)

    async def _handle(self, delivery: Delivery) -> Outputs:
        event = delivery.event
        assert event is not None  # noqa: S101 - the caller has checked
        if event.cycle_id is not None:
            contextvars.bind_contextvars(cycle_id=event.cycle_id)
        try:
            result = self._handlers.each[delivery.stream](event, self._clock.now_ms())
            return result if isinstance(result, tuple) else await result
        except Exception as error:
            if isinstance(error, UnusableEvent) or self._is_outage(error):
                raise
            raise HandlerFailed(delivery, error) from error
        finally:
            if event.cycle_id is not None:
                contextvars.unbind_contextvars("cycle_id")

    async def _commit(self, done: Sequence[tuple[Delivery, Outputs]], *, outputs_of_whole: bool = False) -> None:
        """Acknowledges the entries and publishes their outputs in one atomic step.

        Raises Refused when another consumer had acknowledged some of them: their outputs were dropped, while the
        handlers have already changed this process's memory. Unavailable means that the outcome is unknown; the next
        session finds the entries pending, or finds them gone, and rebuilds in both cases.
        """
        if not done:
            return
        await self._before_commit(done)
        handled = [Handled(delivery.stream, delivery.entry_id, outputs) for delivery, outputs in done]
        commit = Commit(self._service, self._service, handled=handled, fence=self._fence())
        if outputs_of_whole and done[-1][1]:
            # A batch's outputs follow from all of its entries: they don't depend on one entry's acknowledgment.
            bare = [Handled(h.stream, h.entry_id) for h in handled]
            commit = Commit(self._service, self._service, handled=bare, events=done[-1][1], fence=self._fence())
        result = await self._bus.commit(commit)
        self._count(done, result)
        if result.refused:
            raise Refused(f"{result.refused} of {len(done)} entries were acknowledged by another consumer")

    async def _before_commit(self, done: Sequence[tuple[Delivery, Outputs]]) -> None:
        """Runs the hook; its own error counts as the handler's of the one entry that is about to be committed."""
        if self._handlers.before_commit is None:
            return
        try:
            await self._handlers.before_commit()
        except Exception as error:
            if self._is_outage(error):
                raise
            if len(done) > 1:
                self._batch_entries = 1
                raise HookFailed(f"the hook before the commit failed: {error!r}") from error
            await self.record_failure(HandlerFailed(done[0][0], error))
            raise StateLost("the hook before the commit failed") from error

    def _count(self, done: Sequence[tuple[Delivery, Outputs]], result: CommitResult) -> None:
        now_ms = self._clock.now_ms()
        for stream, count in Counter(delivery.stream for delivery, _ in done).items():
            metrics.EVENTS_HANDLED.labels(stream).inc(count)
        for event in {delivery.stream: delivery.event for delivery, _ in done}.values():
            if event is not None:
                metrics.EVENT_AGE_S.labels(event.type).observe((now_ms - event.recorded_ms) / 1000)
        metrics.EVENTS_PUBLISHED.inc(result.published)
        metrics.EVENTS_REPEATED.inc(result.repeated)
        if result.refused:
            metrics.COMMITS_REFUSED.inc()

    def _count_dead_letter(self, stream: str) -> None:
        metrics.DEAD_LETTERS.labels(stream).inc()
        now_ms = self._clock.now_ms()
        self._dead_at_ms = [at for at in self._dead_at_ms if now_ms - at < DEAD_LETTER_WINDOW_MS] + [now_ms]
        if len(self._dead_at_ms) > MAX_DEAD_LETTERS:
            raise TooManyDeadLetters(f"more than {MAX_DEAD_LETTERS} events moved to dead letters in ten minutes")
