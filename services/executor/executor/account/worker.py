"""The worker of one account: sends its intents one after the other, reconciles it, has its positions protected."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from common.runtime.backoff import Backoff
from common.runtime.outages import is_outage
from common.trading.orders import IntentStatus
from executor.account import metrics
from executor.account.action_quota import ActionQuota
from executor.account.context import AccountContext
from executor.account.handoff import Handoff
from executor.account.preflight import AccountChecks
from executor.account.protect import PositionProtector
from executor.account.protect_outage import OutageProtector
from executor.account.reconcile import Reconciler
from executor.account.submit import OrderSubmitter
from executor.domain.intent import Intent
from executor.exchange.errors import UNREADABLE, ExchangeUnavailable, UnknownOutcome

RETRY_SUBMIT_S: Final = 0.5
PROTECTOR_POLL_S: Final = 1.0
MAX_PAUSE_S: Final = 10.0
MAX_PAUSE_HELD_S: Final = 2.0
"""Between two tries while the exchange does not answer; the second for an account that holds something."""

SetReady = Callable[[str, bool, str], None]


class WorkerState(StrEnum):
    """What the worker's task is doing."""

    STANDBY = "standby"
    """Another instance owns the account, or the service has not started yet: nothing is asked or sent."""
    RECONCILING = "reconciling"
    """A full poll, before the first send and whenever memory can't be relied on."""
    WORKING = "working"
    """A turn: unfinished intents go one step on, then the account is polled if that is due."""
    IDLE = "idle"
    """Waits for something to happen, but not past the next poll that is due. Only now a handoff is taken."""
    PAUSED = "paused"
    """Backs off after the exchange or the database did not answer."""


class AccountWorker:
    """Everything about one account happens in one task, `run`, so that no two actions of its key run at once.

    STANDBY → (start) → RECONCILING → WORKING ⇄ IDLE, with PAUSED after a failure and STANDBY again when the lease is
    lost; a reconciliation follows each STANDBY and each `reload`. Every turn is repeatable: what it decides on is in
    the tables and at the exchange. A failure of either therefore just ends the turn, and the next one begins again
    from there. Any other exception ends the task, and with it the service.

    From other tasks of the loop, at any time and without waiting for the worker: `wake` and `accept` (the handler that
    has stored an intent), `refresh`, `on_fills` and `on_orders` (the account's stream, and a flatten's command),
    `reload` (the service's rebuild). `store_and_send` waits for the worker, which takes a handoff only while it is IDLE
    and knows that nothing is unfinished; else the handler gets False at once and stores the approval itself.

    What the worker knows without reading the tables: `_generation` counts the events after which that knowledge may be
    outdated, and `_quiet_generation` is the generation in which a turn last found nothing unfinished and no flatten.
    While the two are equal nothing but a handoff or an accepted intent can need sending.
    """

    def __init__(self, context: AccountContext, set_ready: SetReady) -> None:
        self._context, self.model, self._clock = context, context.model, context.clock
        self._quota, self._checks = ActionQuota(context), AccountChecks(context)
        self._submitter, self._reconciler = OrderSubmitter(context, self._quota), Reconciler(context)
        self._protector = PositionProtector(context)
        self.outage_protector = OutageProtector(context, self._protector)
        self.state = WorkerState.STANDBY
        self._set_ready = set_ready
        self._started, self._woken = asyncio.Event(), asyncio.Event()
        self._is_reconciled = self._is_universe_loaded = False
        self._accepted: list[Intent] = []
        self._read_ids: set[str] = set()
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

    @property
    def epoch(self) -> str:
        """The account that the worker trades."""
        return self._context.epoch

    def refresh(self) -> None:
        """Anything may have happened: everything is polled."""
        self._generation += 1
        self._reconciler.invalidate()
        self._woken.set()

    def on_fills(self, trade_ids: list[int]) -> None:
        """The account's stream reported fills."""
        self._reconciler.report_fills(trade_ids)
        self.outage_protector.poll_now()
        self._woken.set()

    def on_orders(self, statuses: dict[int, str]) -> None:
        """The account's stream reported the newest status of orders, by order id."""
        self._reconciler.report_orders(statuses)
        self.outage_protector.poll_now()
        self._woken.set()

    def accept_unexplained(self, at_ms: int) -> None:
        """A person resumed at that wall time: cash that nothing explains counts as money moved, with the next poll."""
        self._reconciler.accept_unexplained(at_ms)
        self.refresh()

    def reload(self) -> None:
        """Memory can't be relied on: a reconciliation comes before the next send. Also ends STANDBY."""
        self._is_reconciled = False
        self._generation += 1
        self._submitter.invalidate()
        self._started.set()
        self._woken.set()

    # The task.

    async def run(self) -> None:
        """Works until cancelled. What the exchange or the database doesn't answer is asked again after a pause."""
        condition = f"account-{self.model}"
        self._set_ready(condition, False, "not reconciled with the exchange yet")
        await self._started.wait()
        pause, database_pause = Backoff(base_s=0.5, cap_s=MAX_PAUSE_S), Backoff(base_s=0.5, cap_s=2)
        while True:
            try:
                await self._take_handoff()
                await self._wait_for_ownership(condition)
                self.outage_protector.turn_started()
                await self._prepare()
                await self._turn()
            except (ExchangeUnavailable, UnknownOutcome, *UNREADABLE) as error:
                metrics.EXCHANGE_ERRORS.labels(self.model).inc()
                self._set_ready(
                    condition, False, f"no usable answer from the exchange; check HYPERLIQUID_API_URL: {error!r}"
                )
                self._context.log.warning(
                    "no usable answer from the exchange; retrying", model=self.model, reason=repr(error)
                )
                self._reconciler.invalidate(orders=False, fills=False)
                await self._pause(min(pause.next_s(), self._max_pause_s()))
            except Exception as error:
                if not is_outage(error):
                    raise
                self._context.log.warning(
                    "the database does not answer; check DATABASE_URL", model=self.model, reason=str(error)
                )
                self._set_ready(condition, False, f"the database does not answer; check DATABASE_URL: {error}")
                self._reconciler.invalidate()
                await self._pause(database_pause.next_s())
            else:
                self.outage_protector.turn_finished()
                database_pause.reset()
                self._set_ready(condition, True, "")
                pause.reset()
                await self._idle()

    async def _pause(self, seconds: float) -> None:
        self.state = WorkerState.PAUSED
        await self._clock.sleep(seconds)

    def _max_pause_s(self) -> float:
        """A position may lose its stop meanwhile; an account known to hold nothing can wait."""
        return MAX_PAUSE_S if self._is_reconciled and not self._reconciler.sizes else MAX_PAUSE_HELD_S

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
        """Until something happens, but not past the next poll that is due."""
        wait_s = self._reconciler.wait_s()
        if self._protector.needs_poll:
            wait_s = min(wait_s, PROTECTOR_POLL_S)
        self.state = WorkerState.IDLE
        try:
            async with asyncio.timeout(max(wait_s, 0.01)):
                await self._woken.wait()
        except TimeoutError:
            pass
        finally:
            self.state = WorkerState.WORKING

    async def _prepare(self) -> None:
        """Before the first turn: the instruments and the key's last nonce; then the account's checks, when due."""
        if not self._is_universe_loaded:
            if await self._context.epochs.enter(self.model, self._context.epoch):
                self._context.log.warning("another account: its own epoch", model=self.model, epoch=self._context.epoch)
            # Nonces go on above those used before, also after the clock was set back.
            used_nonce = max(await self._context.intents.last_nonce(), self._context.close_journal.last_nonce)
            await self._context.exchange.load_universe(used_nonce)
            self._is_universe_loaded = True
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
        self.outage_protector.turn_started()

        async def record_sent(intent: Intent, now_ms: int) -> bool:
            is_new = await self._context.intents.add_sent(intent, now_ms)
            if is_new:
                handoff.mark_stored()
            return is_new

        try:
            can_send = handoff.is_open and self._is_quiet() and not self._must_wait(handoff.intent)
            if can_send and self._submitter.can_send_at_once(handoff.intent):
                self._quiet_generation = -1  # What becomes of it is read from the database.
                self.outage_protector.expect_entry(handoff.intent)
                await self._submitter.send_first(handoff.intent, record_sent)
                self._reconciler.invalidate()
        finally:
            handoff.close()

    # A turn.

    async def _turn(self) -> None:
        """A reconciliation first where one is due; then intents, and a poll of what they changed."""
        self._woken.clear()
        if self._protector.needs_poll:
            self._reconciler.invalidate(fills=False)
        self._reconciler.weigh_reports()
        while not self._is_reconciled:
            await self._reconcile()
        self.state = WorkerState.WORKING
        try:
            await self._submit_all()
        except (ExchangeUnavailable, UnknownOutcome, *UNREADABLE):
            # An intent that can't go on must not keep the account from being polled and protected.
            if self._reconciler.is_due() or self._protector.needs_poll:
                await self._poll()
            raise
        if self._reconciler.is_due():
            await self._poll()

    async def _reconcile(self) -> None:
        """A full poll. A `reload` meanwhile makes another one follow."""
        self.state = WorkerState.RECONCILING
        self._is_reconciled = True
        try:
            self._reconciler.invalidate()
            await self._context.intents.complete_first_sends(self.model, self._clock.now_ms())
            await self._poll()
        except BaseException:
            self._is_reconciled = False
            raise

    async def _poll(self) -> None:
        """Protection acts between the two steps of a poll."""
        view = await self._reconciler.poll()
        self.outage_protector.set_held_entries(view.entries)
        flatten_since = await self._context.flattens.requested_since(self.model)
        await self._protector.enforce(view, flatten_since)
        await self._reconciler.finalize(view)
        await self._quota.refresh()

    async def _submit_all(self) -> None:
        """Takes every unfinished intent one step on; what leaves the market goes first."""
        generation, must_retry = self._generation, False
        intents, flatten_since = await self._unfinished()
        self._quiet_generation = -1
        for intent in sorted(intents, key=lambda intent: intent.is_entry):
            self.outage_protector.expect_entry(intent)
            if self._must_wait(intent) and not self._is_late(intent):
                must_retry = True
            elif await self._submitter.submit(intent, flatten_since):
                self._reconciler.invalidate()
            else:
                must_retry = True
        if must_retry:
            await self._retry_soon()
        elif flatten_since is None:
            self._quiet_generation = generation

    async def _unfinished(self) -> tuple[list[Intent], int | None]:
        """(intents to take on, since when a flatten is requested): those just accepted where nothing else can be
        unfinished, else all that the tables hold."""
        accepted, self._accepted = self._accepted, []
        intents = [intent for intent in accepted if intent.intent_id not in self._read_ids]
        if intents and self._quiet_generation == self._generation:
            return intents, None
        intents = await self._context.intents.unfinished(self.model)
        self._read_ids = {intent.intent_id for intent in intents}  # The handler may still accept one of them.
        return intents, await self._context.flattens.requested_since(self.model)

    async def _retry_soon(self) -> None:
        """For an outcome still unknown, or a trigger still in the way."""
        await self._clock.sleep(RETRY_SUBMIT_S)
        self._woken.set()

    def _must_wait(self, intent: Intent) -> bool:
        """An entry waits until the coin's old triggers are confirmed gone; the protector cancels them meanwhile."""
        if not intent.is_entry or intent.status is not IntentStatus.STORED or self._reconciler.sizes.get(intent.symbol):
            return False
        return any(
            order.symbol is intent.symbol and order.trigger_price is not None for order in self._reconciler.open_orders
        )

    def _is_late(self, intent: Intent) -> bool:
        """Past its time: the submitter ends it unsent."""
        return intent.order.valid_until_ms is not None and self._clock.now_ms() > intent.order.valid_until_ms
