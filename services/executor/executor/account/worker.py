"""One model's lane: its intents one after the other, its account watched, its positions protected."""

import asyncio
from collections.abc import Callable
from typing import Any

from common.events import AlertSeverity
from common.runtime.backoff import Backoff
from common.runtime.outages import is_outage
from executor.account import metrics
from executor.account.action_quota import Allowance
from executor.account.context import Desk
from executor.account.handoff import Given
from executor.account.preflight import DAY_MS, check_account
from executor.account.protect import Guard
from executor.account.protect_outage import Vigil
from executor.account.reconcile import Watcher
from executor.account.submit import Sender
from executor.domain import events as facts
from executor.domain.intent import Intent
from executor.exchange.errors import UNREADABLE, UnknownOutcome, VenueAway

SOON_S = 0.5
GUARD_LOOK_S = 1.0
NEWS_GAP_S = 1.0
MAX_HEARD = 500
MAX_PAUSE_S, HELD_PAUSE_S = 10.0, 2.0
"""Between two tries while the exchange does not answer, also for an account that holds something."""

SetReady = Callable[[str, bool, str], None]
Refuse = Callable[[tuple[str, ...]], None]
CHECK_EVERY_S = 86_400.0


class Lane:
    """Everything about one account happens here, in one task, so that no two actions of a key run at once."""

    def __init__(self, desk: Desk, set_ready: SetReady, refuse: Refuse) -> None:
        self.desk, self.model, self.clock = desk, desk.model, desk.clock
        self.allowance = Allowance(desk)
        self.sender, self.watcher, self.guard = Sender(desk, self.allowance), Watcher(desk), Guard(desk)
        self.vigil = Vigil(desk, self.guard)
        self.go = asyncio.Event()
        self._set_ready, self._refuse = set_ready, refuse
        self._woken = asyncio.Event()
        self._heard_trades: set[int] = set()
        self._heard_orders: dict[int, str] = {}
        self._is_reconciled = self._is_open = False
        self._check_at = float("-inf")
        self._fresh: list[Intent] = []
        self._read: set[str] = set()
        self._doubts, self._quiet_at = 0, -1
        self._is_resting = False
        self._given: Given | None = None

    def wake(self) -> None:
        """An intent was stored: take it up at once."""
        self._woken.set()

    def take(self, intent: Intent) -> None:
        """An intent has just been stored: while nothing else is going on it needn't be read again."""
        self._fresh.append(intent)
        self._woken.set()

    async def store_and_send(self, intent: Intent) -> bool:
        """Has the lane store an approval with its signed bytes, and send it at once, if it has nothing else to do.

        True as soon as it is stored; False when it must be stored without us.
        """
        if not self._is_resting or self._given is not None or not self._is_quiet():
            return False
        self._given = given = Given(intent)
        self._woken.set()
        return await given.answer()

    def connected(self) -> None:
        """The feed was away: anything may have happened."""
        self._doubts += 1
        self.watcher.forget()
        self._woken.set()

    def heard_fills(self, trade_ids: list[int]) -> None:
        self._heard_trades.update(trade_ids[:MAX_HEARD])
        self.vigil.news()
        self._woken.set()

    def heard_orders(self, statuses: dict[int, str]) -> None:
        self._heard_orders |= statuses
        self.vigil.news()
        self._woken.set()

    def reload(self) -> None:
        """Memory can't be trusted: look at everything before anything is sent."""
        self._is_reconciled = False
        self._doubts += 1
        self.sender.forget()
        self.go.set()
        self._woken.set()

    async def run(self) -> None:
        """Reconciles, then works, for ever. What the exchange or the database doesn't answer is asked again."""
        name = f"account-{self.model}"
        self._set_ready(name, False, "not reconciled with the exchange yet")
        await self.go.wait()
        pause, away = Backoff(base_s=0.5, cap_s=MAX_PAUSE_S), Backoff(base_s=0.5, cap_s=2)
        while True:
            try:
                await self._send_given()
                await self._own_account(name)
                self.vigil.doubt()
                await self._open()
                await self._turn()
            except (VenueAway, UnknownOutcome, *UNREADABLE) as error:
                metrics.VENUE_ERRORS.labels(self.model).inc()
                self._set_ready(name, False, f"the exchange does not answer; check HYPERLIQUID_API_URL: {error}")
                self.desk.log.warning("the exchange does not answer", model=self.model, reason=str(error))
                self.watcher.forget(orders=False, fills=False)
                await self.clock.sleep(min(pause.next_s(), self._longest_pause_s()))
            except Exception as error:
                if not is_outage(error):
                    raise
                self.desk.log.warning(
                    "the database does not answer; check DATABASE_URL", model=self.model, reason=str(error)
                )
                self._set_ready(name, False, f"the database does not answer; check DATABASE_URL: {error}")
                self.watcher.forget()
                await self.clock.sleep(away.next_s())
            else:
                self.vigil.trust()
                away.reset()
                self._set_ready(name, True, "")
                pause.reset()
                await self._rest()

    def _longest_pause_s(self) -> float:
        """A position may lose its stop meanwhile; an account known to hold nothing can wait."""
        return MAX_PAUSE_S if self._is_reconciled and not self.watcher.sizes else HELD_PAUSE_S

    async def _open(self) -> None:
        """The key's nonces go on where they ended, whatever the clock says now."""
        if not self._is_open:
            used_nonce = max(await self.desk.intents.last_nonce(), self.desk.journal.last_nonce)
            await self.desk.venue.open(used_nonce)
            self._is_open = True
        if self.clock.monotonic() >= self._check_at:
            await self._check()
            self._check_at = self.clock.monotonic() + CHECK_EVERY_S

    async def _check(self) -> None:
        """Before the first order, and once a day: an account that can't be traded as configured ends the service."""
        found = await check_account(self.desk.venue, self.desk.settings, self.model)
        if found.problems:
            self._set_ready(f"account-{self.model}", False, "; ".join(found.problems))
            self._refuse(found.problems)
            await asyncio.Event().wait()
        now_ms = self.clock.now_ms()
        for text in found.warnings:
            event = facts.alert(
                "API_WALLET_ENDS", AlertSeverity.WARNING, text, model=self.model, key=now_ms // DAY_MS, now_ms=now_ms
            )
            await self.desk.orders.tell(event)
            self.desk.outbox.wake()

    async def _own_account(self, name: str) -> None:
        """While another instance owns the accounts nothing is asked or sent; afterwards everything is looked at."""
        if self.desk.is_owner():
            return
        self._is_reconciled = False
        self._set_ready(name, False, "standing by: another instance owns the account")
        self.go.clear()
        await self.go.wait()

    async def _rest(self) -> None:
        """Until something happens, but not past the next look that is due."""
        wait_s = self.watcher.due_in_s()
        if self.guard.must_look:
            wait_s = min(wait_s, GUARD_LOOK_S)
        if self._heard_trades or self._heard_orders:
            wait_s = min(wait_s, NEWS_GAP_S - self.watcher.looked_s_ago())
        self._is_resting = True
        try:
            async with asyncio.timeout(max(wait_s, 0.01)):
                await self._woken.wait()
        except TimeoutError:
            pass
        finally:
            self._is_resting = False

    def _is_quiet(self) -> bool:
        """Whether nothing is unfinished or asked for, and nothing is due that comes before a send."""
        is_known = self._is_reconciled and self._quiet_at == self._doubts and not self._fresh
        return is_known and self.desk.is_owner() and self.clock.monotonic() < self._check_at

    async def _send_given(self) -> None:
        """Stores and sends what was given to the lane while it rested, unless something has come up since."""
        given, self._given = self._given, None
        if given is None:
            return
        self.vigil.doubt()

        async def record(*sent: Any) -> bool:
            is_new = await self.desk.intents.add_sent(*sent)
            if is_new:
                given.stored()
            return is_new

        try:
            is_free = given.is_open and self._is_quiet() and not self._must_wait(given.intent)
            if is_free and self.sender.may_send_at_once(given.intent):
                self._quiet_at = -1  # What has become of it is read from the database.
                self.vigil.expect(given.intent)
                await self.sender.send_first(given.intent, record)
                self.watcher.forget()
        finally:
            given.close()

    async def _turn(self) -> None:
        """Before the very first send comes a look; then intents go first, and what they changed is looked at."""
        self._woken.clear()
        if self.guard.must_look:
            self.watcher.forget(fills=False)
        self._weigh_what_was_heard()
        while not self._is_reconciled:
            await self._reconcile()
        try:
            await self._advance()
        except (VenueAway, UnknownOutcome, *UNREADABLE):
            # An intent that can't go on leaves nobody unwatched.
            if self.watcher.due_in_s() <= 0 or self.guard.must_look:
                await self._look()
            raise
        if self.watcher.due_in_s() <= 0:
            await self._look()

    async def _reconcile(self) -> None:
        """Whoever calls for it meanwhile gets another one."""
        self._is_reconciled = True
        try:
            self.watcher.forget()
            await self.desk.intents.complete_first_sends(self.model, self.clock.now_ms())
            await self._look()
        except BaseException:
            self._is_reconciled = False
            raise

    def _weigh_what_was_heard(self) -> None:
        """Most messages repeat what the look after our own order has shown; only the others are worth a look."""
        if self.watcher.looked_s_ago() < NEWS_GAP_S:
            return
        fills, orders = self.watcher.news_in(self._heard_trades, self._heard_orders)
        if fills or orders:
            self.watcher.forget(fills=fills, orders=orders)
        self._heard_trades, self._heard_orders = set(), {}

    async def _look(self) -> None:
        view = await self.watcher.look()
        self.vigil.remember(view.entries)
        flatten_since = await self.desk.orders.flatten_since(self.model)
        await self.guard.check(view, flatten_since)
        await self.watcher.settle(view)
        await self.allowance.look()

    async def _advance(self) -> None:
        """Takes every unfinished intent one step on; what leaves the market goes first."""
        doubts, waiting = self._doubts, False
        intents, self._fresh = [intent for intent in self._fresh if intent.intent_id not in self._read], []
        flatten_since = None
        if not intents or self._quiet_at != doubts:
            intents = await self.desk.intents.unfinished(self.model)
            self._read = {intent.intent_id for intent in intents}  # It may yet be handed to us as fresh.
            flatten_since = await self.desk.orders.flatten_since(self.model)
        self._quiet_at = -1
        for intent in sorted(intents, key=lambda intent: intent.is_entry):
            self.vigil.expect(intent)
            if self._must_wait(intent) and not self._is_late(intent):
                waiting = True
            elif await self.sender.advance(intent, flatten_since):
                self.watcher.forget()
            else:
                waiting = True
        if waiting:
            await self._soon()
        elif flatten_since is None:
            self._quiet_at = doubts  # Nothing is unfinished and nobody wants out, as long as no doubt comes up.

    async def _soon(self) -> None:
        """Comes back shortly, for an outcome still unknown or a trigger still in the way."""
        await self.clock.sleep(SOON_S)
        self._woken.set()

    def _must_wait(self, intent: Intent) -> bool:
        """An entry waits until the coin's old triggers are confirmed gone; they are swept meanwhile."""
        if not intent.is_entry or intent.status != "STORED" or self.watcher.sizes.get(intent.symbol):
            return False
        return any(
            order.symbol is intent.symbol and order.trigger_price is not None for order in self.watcher.open_orders
        )

    def _is_late(self, intent: Intent) -> bool:
        """Past its time: the sender ends it unsent."""
        return intent.order.valid_until_ms is not None and self.clock.now_ms() > intent.order.valid_until_ms
