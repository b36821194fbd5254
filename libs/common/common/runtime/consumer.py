"""The consumer loop: rebuild, own pending entries, those of dead peers, new ones; one commit per batch."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from structlog import contextvars

from common.bus.port import Bus, Commit, CommitResult, Delivery, Fence, Handled
from common.events.envelope import Event
from common.runtime import metrics
from common.runtime.clock import Clock

Outputs = tuple[Event[Any], ...]
Handler = Callable[[Event[Any], int], Outputs | Awaitable[Outputs]]
BatchHandler = Callable[[Sequence[Event[Any]], int], Awaitable[Outputs]]
Hook = Callable[[], Awaitable[None]]

BATCH_ENTRIES = 256
BLOCK_MS = 1_000
CLAIM_IDLE_MS = 60_000
CLAIM_EVERY_S = 15.0
FAILURE_LIMIT = 5
MAX_DEAD_LETTERS = 20
DEAD_LETTER_WINDOW_MS = 600_000
REASON_CHARACTERS = 500


class StateLost(Exception):
    """A commit was refused in part: what this process remembers is no longer what the bus recorded."""


class HookFailed(StateLost):
    """The hook before a commit of several entries failed: they must be taken one at a time to find the one."""


class TooManyDeadLetters(Exception):
    """The cap on dead letters in the window is reached: stop rather than drain the stream."""


class HandlerFailed(Exception):
    """A handler raised; the entry stays pending and is read again."""

    def __init__(self, delivery: Delivery, cause: Exception | str) -> None:
        super().__init__(str(cause))
        self.delivery = delivery
        self.cause = cause


@dataclass(slots=True)
class Handlers:
    """What a service does with its events. Exactly one of `batch` and the two tables is used."""

    each: dict[str, Handler]
    deferred: dict[str, Handler]
    batch: BatchHandler | None = None
    rebuild: Hook | None = None
    before_commit: Hook | None = None


class Consumer:
    """Reads one service's streams. `fence` returns the current proof of ownership, or None where no lease is used."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        log: Any,
        *,
        service: str,
        consumer: str,
        streams: Sequence[str],
        handlers: Handlers,
        fence: Callable[[], Fence | None],
        is_outage: Callable[[BaseException], bool],
        batch_entries: int = BATCH_ENTRIES,
    ) -> None:
        self._batch_entries = batch_entries
        self._bus, self._clock, self._log = bus, clock, log
        self._service, self._consumer, self._streams = service, consumer, tuple(streams)
        self._handlers, self._fence, self._is_outage = handlers, fence, is_outage
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._trouble: asyncio.Future[None] | None = None
        self._dead_at_ms: list[int] = []
        self._claimed_at_s = float("-inf")

    async def session(self, stopping: asyncio.Event, started: Callable[[], None]) -> None:
        """Consumes until `stopping` is set. Raises what ended it; the caller decides whether to begin again.

        Every session starts from nothing: groups made sure of, state rebuilt, own pending entries re-read.
        """
        self._trouble = asyncio.get_running_loop().create_future()
        try:
            await self._bus.prepare(self._service, self._streams)
            if self._handlers.rebuild is not None:
                metrics.REBUILDS.inc()
                await self._handlers.rebuild()
            await self._read_own_pending(stopping)
            started()
            while not stopping.is_set():
                await self._claim_from_the_dead()
                fresh = await self._bus.read_new(
                    self._service, self._consumer, self._streams, count=self._batch_entries, block_ms=BLOCK_MS
                )
                await self._process(fresh)
                self._raise_trouble()
        finally:
            await self._cancel_running()

    async def drain(self, limit_s: float) -> None:
        """Waits for answers still awaited, at most `limit_s`."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=limit_s)

    async def _read_own_pending(self, stopping: asyncio.Event) -> None:
        after: dict[str, str] = {}
        while not stopping.is_set():
            held = await self._bus.read_pending(
                self._service, self._consumer, self._streams, after=after, count=self._batch_entries
            )
            if not held:
                return
            after |= {delivery.stream: delivery.entry_id for delivery in held}
            await self._process(held)

    async def _claim_from_the_dead(self) -> None:
        if self._clock.monotonic() - self._claimed_at_s < CLAIM_EVERY_S:
            return
        self._claimed_at_s = self._clock.monotonic()
        taken = await self._bus.claim(
            self._service, self._consumer, self._streams, min_idle_ms=CLAIM_IDLE_MS, count=self._batch_entries
        )
        await self._process(taken)

    async def _process(self, deliveries: Sequence[Delivery]) -> None:
        waiting = [d for d in deliveries if (d.stream, d.entry_id) not in self._running]
        if not waiting:
            return
        if self._handlers.batch is not None:
            await self._process_batch(waiting, self._handlers.batch)
            return
        done: list[tuple[Delivery, Outputs]] = []
        try:
            for delivery in waiting:
                if delivery.event is not None and delivery.stream in self._handlers.deferred:
                    self._defer(delivery)
                else:
                    done.append((delivery, await self._handle(delivery)))
        except HandlerFailed as failure:
            await self._commit(done)
            await self._blame(failure)
            raise StateLost(f"handler of {failure.delivery.stream} failed") from failure
        await self._commit(done)

    async def _process_batch(self, deliveries: Sequence[Delivery], handler: BatchHandler) -> None:
        """Stores a batch whole; if that fails for its own reasons, one by one, so that one bad event is found."""
        try:
            outputs = await handler([d.event for d in deliveries if d.event is not None], self._clock.now_ms())
            unreadable = next((d for d in deliveries if d.event is None), None)
            if unreadable is not None:
                raise HandlerFailed(unreadable, unreadable.error or "unreadable")
        except Exception as error:
            if self._is_outage(error):
                raise
            if len(deliveries) > 1:
                for delivery in deliveries:
                    await self._process_batch([delivery], handler)
                return
            await self._blame(error if isinstance(error, HandlerFailed) else HandlerFailed(deliveries[0], error))
            raise StateLost(f"handler of {deliveries[0].stream} failed") from error
        heads: list[tuple[Delivery, Outputs]] = [(delivery, ()) for delivery in deliveries[:-1]]
        await self._commit([*heads, (deliveries[-1], outputs)], outputs_of_whole=True)

    async def _handle(self, delivery: Delivery) -> Outputs:
        event = delivery.event
        if event is None:
            raise HandlerFailed(delivery, delivery.error or "unreadable")
        if event.cycle_id is not None:
            contextvars.bind_contextvars(cycle_id=event.cycle_id)
        try:
            result = self._handlers.each[delivery.stream](event, self._clock.now_ms())
            return result if isinstance(result, tuple) else await result
        except Exception as error:
            if self._is_outage(error):
                raise
            raise HandlerFailed(delivery, error) from error
        finally:
            if event.cycle_id is not None:
                contextvars.unbind_contextvars("cycle_id")

    def _defer(self, delivery: Delivery) -> None:
        """Starts a handler whose answer takes seconds; its entry stays pending until the answer is committed."""
        key = (delivery.stream, delivery.entry_id)

        async def answer() -> None:
            assert delivery.event is not None  # noqa: S101 - the caller has looked
            with contextvars.bound_contextvars(cycle_id=delivery.event.cycle_id):
                try:
                    result = self._handlers.deferred[delivery.stream](delivery.event, self._clock.now_ms())
                    outputs = result if isinstance(result, tuple) else await result
                    await self._commit([(delivery, outputs)])
                except Exception as error:
                    self._set_trouble(delivery, error)
                finally:
                    self._running.pop(key, None)

        self._running[key] = asyncio.ensure_future(answer())

    def _set_trouble(self, delivery: Delivery, error: Exception) -> None:
        if self._trouble is not None and not self._trouble.done():
            keep = self._is_outage(error) or isinstance(error, StateLost)
            self._trouble.set_exception(error if keep else HandlerFailed(delivery, error))
            self._trouble.exception()

    def _raise_trouble(self) -> None:
        if self._trouble is not None and self._trouble.done():
            self._trouble.result()

    async def _commit(self, done: Sequence[tuple[Delivery, Outputs]], *, outputs_of_whole: bool = False) -> None:
        if not done:
            return
        await self._before_commit(done)
        handled = [Handled(delivery.stream, delivery.entry_id, outputs) for delivery, outputs in done]
        commit = Commit(self._service, self._service, handled=handled, fence=self._fence())
        if outputs_of_whole and done[-1][1]:
            # A batch's outputs follow from all of its entries: they don't hang on one entry's acknowledgement.
            bare = [Handled(h.stream, h.entry_id) for h in handled]
            commit = Commit(self._service, self._service, handled=bare, events=done[-1][1], fence=self._fence())
        result = await self._bus.commit(commit)
        self._count(done, result)
        if result.refused:
            raise StateLost(f"{result.refused} of {len(done)} entries were no longer ours")

    async def _before_commit(self, done: Sequence[tuple[Delivery, Outputs]]) -> None:
        """Runs the hook; its own error counts as the handler's of the one entry that it is about."""
        if self._handlers.before_commit is None:
            return
        try:
            await self._handlers.before_commit()
        except Exception as error:
            if self._is_outage(error):
                raise
            if len(done) > 1:
                raise HookFailed(f"the hook before the commit failed: {error!r}") from error
            await self._blame(HandlerFailed(done[0][0], error))
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

    async def _blame(self, failure: HandlerFailed) -> None:
        """Counts the failure on its entry; an unreadable event is never worth a retry."""
        delivery = failure.delivery
        metrics.HANDLER_FAILURES.labels(delivery.stream).inc()
        reason = repr(failure.cause)[:REASON_CHARACTERS]
        limit = 1 if delivery.event is None else FAILURE_LIMIT
        outcome = await self._bus.fail(self._service, delivery.stream, delivery.entry_id, reason=reason, limit=limit)
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
            self._note_dead_letter(delivery.stream)

    def _note_dead_letter(self, stream: str) -> None:
        metrics.DEAD_LETTERS.labels(stream).inc()
        now_ms = self._clock.now_ms()
        self._dead_at_ms = [at for at in self._dead_at_ms if now_ms - at < DEAD_LETTER_WINDOW_MS] + [now_ms]
        if len(self._dead_at_ms) > MAX_DEAD_LETTERS:
            raise TooManyDeadLetters(f"more than {MAX_DEAD_LETTERS} events moved to dead letters in ten minutes")

    async def blame_deferred(self, failure: HandlerFailed) -> None:
        """Counts a deferred handler's own error, which surfaced as the end of a session."""
        await self._blame(failure)

    async def _cancel_running(self) -> None:
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._running.clear()
