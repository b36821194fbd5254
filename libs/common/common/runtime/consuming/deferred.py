"""Deferred handlers: those that run, and answers that wait for the bus. What was asked once is not asked again."""

import asyncio
from collections.abc import Awaitable, Callable

from structlog import contextvars
from structlog.typing import FilteringBoundLogger

from common.bus.port import Delivery, Fenced
from common.runtime.clock import Clock
from common.runtime.consuming.handlers import Handler, Outputs
from common.runtime.consuming.session_end import HandlerFailed, Refused, SessionEnded
from common.runtime.ending.tasks import cancel_until_done

HAND_OVER_PAUSE_S = 0.2
CommitAnswer = Callable[[Delivery, Outputs], Awaitable[None]]


class DeferredAnswers:
    """The deferred handlers of one consumer, over all its sessions.

    An entry here is *running* (its handler has not returned) or *answered* (the handler has returned, and the commit
    met an outage). It stays pending in the bus meanwhile. A running one commits its own answer when it returns; the
    answered ones are handed over by the next session, or by the drain. Both outlive the session that started them,
    since an answer may be paid for: it therefore may not depend on a state that the rebuild hook drops. An answer
    whose first commit had taken effect, with the reply lost, is refused at the second and published once.

    Ended by `cancel` when the process ends, or when another one has acquired the lease: the entries stay pending. A
    process that dies forgets its answers, and their entries are handled again.
    """

    def __init__(
        self,
        clock: Clock,
        log: FilteringBoundLogger,
        *,
        commit: CommitAnswer,
        is_outage: Callable[[BaseException], bool],
        drain_limit_s: float,
    ) -> None:
        self._clock, self._log, self._commit, self._is_outage = clock, log, commit, is_outage
        self._drain_limit_s = drain_limit_s
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._answered: dict[tuple[str, str], tuple[Delivery, Outputs]] = {}
        self._failure: Exception | None = None

    def holds(self, delivery: Delivery) -> bool:
        """Whether the entry needs no handler: one runs, or has answered."""
        key = (delivery.stream, delivery.entry_id)
        return key in self._running or key in self._answered

    def start(self, delivery: Delivery, handler: Handler) -> None:
        """Starts the handler in a task; the task commits its result, or keeps its error for the loop."""
        self._running[delivery.stream, delivery.entry_id] = asyncio.ensure_future(self._run(delivery, handler))

    def raise_failure(self) -> None:
        """Raises, once, the first error that a handler or its commit ended by."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    async def begin_session(self) -> None:
        """Commits the answers that an outage has kept; raises what a handler ended by between the sessions."""
        self._drop_outage()
        self.raise_failure()
        await self._hand_over()

    async def _hand_over(self) -> None:
        for delivery, outputs in list(self._answered.values()):
            try:
                await self._finish(delivery, outputs)
            except Refused:
                self._log.info(
                    "an answer is not needed any more: its entry is acknowledged",
                    stream=delivery.stream,
                    entry_id=delivery.entry_id,
                )

    async def drain(self) -> None:
        """Waits for running handlers and commits what they answered, within the limit; also through an outage.

        Raises what a handler ended by. What is left at the limit is reported; its entries stay pending.
        """
        if not self._running and not self._answered:
            self.raise_failure()
            return
        self._log.info(
            "stopping: waiting for deferred handlers", running=len(self._running), answered=len(self._answered)
        )
        try:
            async with asyncio.timeout(self._drain_limit_s):
                await self._drain_all()
        except TimeoutError:
            self._report_left()
        self._drop_outage()
        self.raise_failure()

    async def cancel(self) -> None:
        """Cancels running handlers and forgets answers; their entries stay pending."""
        await cancel_until_done(list(self._running.values()))
        self._running.clear()
        self._answered.clear()
        self._failure = None

    async def _run(self, delivery: Delivery, handler: Handler) -> None:
        assert delivery.event is not None  # noqa: S101 - the caller has checked
        with contextvars.bound_contextvars(cycle_id=delivery.event.cycle_id):
            try:
                result = handler(delivery.event, self._clock.now_ms())
                outputs = result if isinstance(result, tuple) else await result
                await self._finish(delivery, outputs)
            except Exception as error:
                self._keep_failure(delivery, error)
            finally:
                self._running.pop((delivery.stream, delivery.entry_id), None)

    async def _finish(self, delivery: Delivery, outputs: Outputs) -> None:
        """Commits one answer; after an outage it is kept, after anything else the bus has the last word."""
        key = (delivery.stream, delivery.entry_id)
        try:
            await self._commit(delivery, outputs)
        except Exception as error:
            if self._is_outage(error):
                self._answered[key] = (delivery, outputs)
            else:
                self._answered.pop(key, None)
            raise
        self._answered.pop(key, None)

    async def _drain_all(self) -> None:
        while self._running or self._answered:
            if self._running:
                await asyncio.wait(self._running.values())
            try:
                await self._hand_over()
            except Exception as error:
                if self._is_outage(error):
                    await self._clock.sleep(HAND_OVER_PAUSE_S)
                elif self._failure is None:
                    self._failure = error

    def _report_left(self) -> None:
        if self._running:
            self._log.warning(
                "stopping: deferred handlers cancelled at the drain limit; their entries stay pending",
                entries=[f"{stream} {entry_id}" for stream, entry_id in self._running],
                limit_s=self._drain_limit_s,
            )
        if self._answered:
            self._log.warning(
                "stopping: answers not committed at the drain limit; their entries stay pending",
                entries=[f"{stream} {entry_id}" for stream, entry_id in self._answered],
                limit_s=self._drain_limit_s,
            )

    def _drop_outage(self) -> None:
        """Forgets a failure that is an outage: its answer, if there is one, is kept and committed again."""
        if self._failure is not None and self._is_outage(self._failure):
            self._failure = None

    def _keep_failure(self, delivery: Delivery, error: Exception) -> None:
        """Keeps the first error; the loop ends the session by it after its next read."""
        if self._failure is None:
            is_own = not (self._is_outage(error) or isinstance(error, SessionEnded | Fenced))
            self._failure = HandlerFailed(delivery, error) if is_own else error
