"""The worker of one account: sends its intents one after the other and keeps its books."""

import asyncio
import contextlib
from enum import StrEnum
from typing import Final

from common.runtime.backoff import Backoff
from common.runtime.outages import is_outage
from common.trading.durations import NEVER
from common.trading.orders import IntentStatus
from executor.account import metrics
from executor.account.action_quota import ActionQuota
from executor.account.context import AccountContext, SetReady
from executor.account.handoff import Handoff
from executor.account.preflight import AccountChecks
from executor.account.protection.protector import PositionProtector
from executor.account.protection.record import record_protection
from executor.account.reconcile import Reconciler
from executor.account.submit import OrderSubmitter
from executor.domain.account import AccountPoll
from executor.domain.intent import Intent
from executor.exchange.errors import UNREADABLE, ExchangeError, RateLimited
from executor.exchange.user_stream import StreamedFill

RETRY_SUBMIT_S: Final = 0.5
IDLE_S: Final = 5.0
"""The longest wait without a poll: what failed is tried again."""
MAX_PAUSE_S: Final = 2.0


class WorkerState(StrEnum):
    """What the worker's task is doing."""

    STANDBY = "standby"
    """Another instance owns the account, or the service has not started yet: nothing is asked or sent."""
    RECONCILING = "reconciling"
    """The tables and a poll are read before the first send, and whenever memory can't be relied on."""
    WORKING = "working"
    """A turn: unfinished intents go one step on, then the books are kept if there is a new poll."""
    IDLE = "idle"
    """Waits for something to happen. Only now a handoff is taken."""
    PAUSED = "paused"
    """Backs off after the exchange or the database did not answer."""


class AccountWorker:
    """Sends one account's intents and keeps its books, in one task, `run`. Its positions are kept safe by another one,
    `protector.run`, which needs nothing of this one.

    STANDBY → (start) → RECONCILING → WORKING ⇄ IDLE, with PAUSED after a failure and STANDBY again when the lease is
    lost; a reconciliation follows each STANDBY and each `reload`. Every turn is repeatable: what it decides on is in
    the tables and at the exchange. A failure of either therefore just ends the turn, and the next one begins again
    from there; so does an unexpected error, with an alert, as ending the process would leave positions alone.

    The worker polls nothing itself. The protector calls back after each poll, which wakes the worker to keep the books
    with it; what the worker has sent is reported to memory, which makes the protector poll at once.

    From other tasks of the loop, at any time and without waiting for the worker: `wake` and `accept` (the handler that
    has stored an intent), `refresh`, `flatten`, `on_fills` and `on_orders` (the account's stream, and commands),
    `reload` (the service's rebuild). `store_and_send` waits for the worker, which takes a handoff only while it is IDLE
    and knows that nothing is unfinished; else the handler gets False at once and stores the approval itself.

    What the worker knows without reading the tables: `_generation` counts the events after which that knowledge may be
    outdated, and `_quiet_generation` is the generation in which a turn last found nothing unfinished and no flatten.
    While the two are equal nothing but a handoff or an accepted intent can need sending.
    """

    def __init__(self, context: AccountContext, set_ready: SetReady) -> None:
        self._context, self.model, self._clock = context, context.model, context.clock
        self._quota, self._checks = ActionQuota(context), AccountChecks(context)
        self.protector = PositionProtector(context, set_ready, self.wake)
        self._poller = self.protector.poller
        self._submitter, self._reconciler = OrderSubmitter(context, self._quota), Reconciler(context, self._poller)
        self.protector.on_fill_news = self._reconciler.invalidate
        self.state, self._set_ready = WorkerState.STANDBY, set_ready
        self._started, self._woken = asyncio.Event(), asyncio.Event()
        self._is_reconciled = self._is_nonce_known = self._must_retry = False
        self._reload_s = self._kept_s = self._sent_s = NEVER
        self.drop_flatten = context.memory.drop_flatten
        self._behind: tuple[str, ...] = ()
        self._accepted: list[Intent] = []
        self._read_ids: set[str] = set()
        self.epoch = context.epoch
        self._generation, self._quiet_generation = 0, -1
        self._handoff: Handoff | None = None

    # Called by other tasks.

    def wake(self) -> None:
        """An intent is stored: the next turn reads it."""
        self._woken.set()

    def accept(self, intent: Intent) -> None:
        """An intent has just been stored: while nothing else is unfinished it needn't be read again."""
        self._accepted.append(intent)
        self._woken.set()

    async def store_and_send(self, intent: Intent) -> bool:
        """Offers an approval to the worker, which stores it with its signed bytes and sends it at once, if it is idle.

        True as soon as it is stored; False when the caller must store it.
        """
        if self.state is not WorkerState.IDLE or self._handoff is not None or not self._is_quiet():
            return False
        self._handoff = handoff = Handoff(intent)
        self._woken.set()
        return await handoff.result()

    def refresh(self) -> None:
        """Anything may have happened: everything is polled."""
        self._generation += 1
        self._reconciler.invalidate()
        self.protector.check_now()
        self._woken.set()

    def flatten(self, since_ms: int, *, is_stored: bool = False) -> None:
        """A person wants the account out of the market: closed also before the tables have the request."""
        self._context.memory.request_flatten(since_ms, is_stored=is_stored)
        self.refresh()
        self.protector.poll_now()

    def on_fills(self, fills: list[StreamedFill]) -> None:
        """The account's stream reported fills."""
        self._context.memory.report_fills([fill.fill for fill in fills if fill.fill is not None])
        self._poller.report_fills([fill.trade_id for fill in fills])
        self.protector.wake()

    def on_orders(self, statuses: dict[int, str], ended: set[str]) -> None:
        """The account's stream reported the newest status of orders, by order id; `ended` are client order ids."""
        for client_order_id in ended:
            self._context.memory.report_ended(client_order_id)
        self._poller.report_orders(statuses)
        self.protector.wake()

    def accept_unexplained(self, at_ms: int) -> None:
        """A person resumed at that wall time: cash that nothing explains counts as money moved, with the next poll."""
        self._reconciler.accept_unexplained(at_ms)
        self.refresh()

    def reload(self) -> None:
        """Memory can't be relied on: a reconciliation comes before the next send. Also ends STANDBY."""
        self._is_reconciled = False
        self._reload_s = self._clock.monotonic()
        self._generation += 1
        self._submitter.invalidate()
        self._started.set()
        self.protector.check_now()
        self._woken.set()

    # The task.

    async def run(self) -> None:
        """Works until cancelled, whatever fails."""
        condition = f"account-{self.model}"
        self._set_ready(condition, False, "not reconciled with the exchange yet")
        await self._started.wait()
        pause = Backoff(base_s=0.5, cap_s=MAX_PAUSE_S)
        while True:
            try:
                await self._take_handoff()
                await self._wait_for_ownership(condition)
                await self._turn()
            except Exception as error:
                self._set_ready(condition, False, self._describe(error))
                await self._pause(pause.next_s())
            else:
                pause.reset()
                self._set_ready(condition, not self._reason_unready(), self._reason_unready())
                await self._idle()

    def _describe(self, error: Exception) -> str:
        """Logs why a turn ended, and returns it for the readiness."""
        self._reconciler.invalidate()
        self._kept_s = NEVER
        if isinstance(error, (ExchangeError, *UNREADABLE)):
            metrics.EXCHANGE_ERRORS.labels(self.model).inc()
            self._context.log.warning(
                "no usable answer from the exchange; retrying", model=self.model, reason=repr(error)
            )
            return f"no usable answer from the exchange; check HYPERLIQUID_API_URL: {error!r}"
        if is_outage(error):
            self._context.log.warning(
                "the database does not answer; check DATABASE_URL", model=self.model, reason=str(error)
            )
            return f"the database does not answer; check DATABASE_URL: {error}"
        self._context.report_unexpected("the account's worker", error)
        return f"an unexpected error: {error!r}"

    def _reason_unready(self) -> str:
        if not self._is_reconciled:
            return "not reconciled with the exchange yet"
        return f"the books wait for the exchange: {', '.join(self._behind)}" if self._behind else ""

    async def _pause(self, seconds: float) -> None:
        self.state = WorkerState.PAUSED
        await self._clock.sleep(seconds)

    async def _wait_for_ownership(self, condition: str) -> None:
        """STANDBY while another instance owns the account; afterwards everything is polled."""
        if self._context.is_owner():
            return
        self.state = WorkerState.STANDBY
        self._is_reconciled = False
        self._set_ready(condition, False, "standing by: another instance owns the account")
        self._started.clear()
        await self._started.wait()

    async def _idle(self) -> None:
        """Until something happens: a poll, an intent, news; shortly, for an outcome still unknown or a trigger still in
        the way."""
        self.state = WorkerState.IDLE if self._is_reconciled else WorkerState.RECONCILING
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RETRY_SUBMIT_S if self._must_retry else IDLE_S):
                await self._woken.wait()
        self.state = WorkerState.WORKING

    async def _prepare(self) -> None:
        """Before the first turn: the epoch and the key's last nonce; then the account's checks, when due."""
        if not self._is_nonce_known:
            if await self._context.epochs.enter(self.model, self._context.epoch):
                self._context.log.warning("another account: its own epoch", model=self.model, epoch=self._context.epoch)
            # Nonces go on above those used before, also after the clock was set back.
            await self._context.exchange.load_universe(await self._context.intents.last_nonce())
            self._is_nonce_known = True
        if self._checks.is_due():
            await self._checks.run()

    # The way of an approval that needs no other step before.

    def _is_quiet(self) -> bool:
        """Whether nothing is unfinished or requested, and nothing is due that comes before a send."""
        is_quiet = self._is_reconciled and self._quiet_generation == self._generation and not self._accepted
        return is_quiet and self._context.is_owner() and not self._checks.is_due()

    async def _take_handoff(self) -> None:
        """Stores and sends what was handed over while the worker was idle, unless something has come up since."""
        handoff, self._handoff = self._handoff, None
        if handoff is None:
            return

        async def record_sent(intent: Intent, now_ms: int) -> bool:
            is_new = await self._context.intents.add_sent(intent, now_ms)
            if is_new:
                handoff.mark_stored()
            return is_new

        try:
            can_send = handoff.is_open and self._is_quiet() and not self._must_wait(handoff.intent)
            if can_send and self._submitter.can_send_at_once(handoff.intent):
                self._quiet_generation = -1  # What becomes of it is read from the database.
                await self._submitter.send_first(handoff.intent, record_sent)
                self._await_poll()
        finally:
            handoff.close()

    # A turn.

    async def _turn(self) -> None:
        """A reconciliation first where one is due; then intents, and the books with the newest poll."""
        self._woken.clear()
        await record_protection(self._context)
        await self._prepare()
        if not self._is_reconciled and not await self._reconcile():
            return
        self.state = WorkerState.WORKING
        failures = await self._submit_all()
        poll = self._poller.latest
        if poll is not None and poll.asked_s != self._kept_s and poll.asked_s >= self._sent_s:
            await self._keep_books(poll)
        if failures:
            raise failures[0]

    async def _reconcile(self) -> bool:
        """Reads the tables, for the protector at once, and keeps the books with a poll that followed the reload; False
        while there is none. A `reload` meanwhile makes another one follow."""
        self.state, reload_s = WorkerState.RECONCILING, self._reload_s
        await self._reconciler.read_tables()
        await self._context.intents.complete_first_sends(self.model, self._clock.now_ms())
        poll = self._poller.latest
        if poll is None or poll.asked_s < reload_s:
            return False
        self._reconciler.invalidate()
        await self._keep_books(poll)
        self._is_reconciled = self._reload_s == reload_s
        return self._is_reconciled

    def _await_poll(self) -> None:
        """The books wait for a poll from after what was sent; the open orders are asked for on memory's own news."""
        self._reconciler.invalidate()
        self._sent_s = self._clock.monotonic()
        self.protector.poll_now(orders=False)

    async def _keep_books(self, poll: AccountPoll) -> None:
        self._kept_s = poll.asked_s
        self._behind = await self._reconciler.keep_books(poll)
        with contextlib.suppress(ExchangeError, *UNREADABLE):
            await self._quota.refresh()

    async def _submit_all(self) -> list[Exception]:
        """Takes every unfinished intent one step on; what leaves the market goes first. An intent that can't go on
        keeps no other waiting: what failed is returned."""
        generation, failures = self._generation, list[Exception]()
        intents = await self._unfinished()
        self._quiet_generation, self._must_retry = -1, False
        for intent in sorted(intents, key=lambda intent: intent.is_entry):
            if self._must_wait(intent) and not self._is_late(intent):
                self._must_retry = True
                continue
            try:
                is_ended = await self._submitter.submit(intent)
            except RateLimited:
                self._must_retry = True  # It waits for request weight, until its time is over.
                continue
            except (ExchangeError, *UNREADABLE) as error:
                failures.append(error)
                continue
            self._must_retry = self._must_retry or not is_ended
            if is_ended:
                self._await_poll()
        if not self._must_retry and not failures and self._context.memory.flatten_since_ms is None:
            self._quiet_generation = generation
        return failures

    async def _unfinished(self) -> list[Intent]:
        """Those just accepted where nothing else can be unfinished, else all that the tables hold, and a flatten."""
        accepted, self._accepted = self._accepted, []
        intents = [intent for intent in accepted if intent.intent_id not in self._read_ids]
        if intents and self._quiet_generation == self._generation:
            return intents
        intents = await self._context.intents.unfinished(self.model)
        self._read_ids = {intent.intent_id for intent in intents}  # The handler may still accept one of them.
        if (since_ms := await self._context.flattens.requested_since(self.model)) is not None:
            self._context.memory.request_flatten(since_ms, is_stored=True)
        return intents

    def _must_wait(self, intent: Intent) -> bool:
        """An entry waits until the coin's old triggers are confirmed gone; the protector cancels them meanwhile."""
        poll = self._poller.latest
        if not intent.is_entry or intent.status is not IntentStatus.STORED:
            return False
        if poll is None:
            return True
        triggers = [order for order in poll.open_orders if order.trigger_price is not None]
        has_triggers = any(order.symbol is intent.symbol for order in triggers)
        return has_triggers and intent.symbol not in poll.state.signed_sizes

    def _is_late(self, intent: Intent) -> bool:
        """Past its time: the submitter ends it unsent."""
        return intent.order.valid_until_ms is not None and self._clock.now_ms() > intent.order.valid_until_ms
