"""Keeps one account safe: a position has its stop confirmed or is closed, and no trigger outlives its position."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from common.events import AccountOrder
from common.events.alerts import AlertCode
from common.runtime.backoff import Backoff
from common.trading.durations import NEVER
from common.trading.instruments import Symbol
from common.trading.orders import IntentStatus, OrderRole
from executor.account import metrics
from executor.account.context import AccountContext, SetReady
from executor.account.protection.actions import ProtectiveActions
from executor.account.protection.closing import NOTHING_TO_CLOSE, Closings, alert_position
from executor.account.protection.flatten import enforce_flatten
from executor.account.protection.poll import AccountPoller
from executor.domain.account import AccountPoll, Position
from executor.domain.bracket import build_triggers
from executor.domain.intent import Intent
from executor.domain.order import DUPLICATE_NONCE
from executor.domain.protection import is_final_refusal, is_protected, missing_legs
from executor.exchange.errors import UNREADABLE, ExchangeError

ORPHAN_S: Final = 2.0
CLOSING_S: Final = 3.0
"""A close takes its look, its request and its fill: it begins that long before the limit, to be done within it."""
RETRY_TRIGGERS_S: Final = 3.0
RETRY_REFUSED_S: Final = (0.2, 1.0, 2.0)
"""After each of the first refusals for a reason that passes: by the exchange's own word nothing rests, so that no list
of orders has to say so."""
POLL_AGAIN_S: Final = 1.0
OWNER_POLL_S: Final = 0.5
MAX_PAUSE_S: Final = 10.0
MAX_PAUSE_HELD_S: Final = 2.0
"""Between two tries while the exchange does not answer; the second for an account that holds something."""
FAILURES: Final = (ExchangeError, *UNREADABLE)


class PositionProtector:
    """One account's protector: a task of its own, which needs the exchange's answers and memory, and nothing else.

    Each round polls the account, corrects what it shows by what is known to be later (`ProtectionMemory`), judges and
    acts. It runs while this instance owns the account, from the moment it does. No table, no file and no other request
    to the exchange stands before a round: its requests have connections and a deadline of their own. What it does goes
    through memory's queue into the tables, whenever they answer.

    A position of the arena's is PROTECTED while stops on the exchange cover its size. Else it is UNPROTECTED since
    the first poll that showed so. At once after a partial fill, else when a second poll misses them too, the missing
    legs are placed as whole-position triggers at the entry's prices, again every few seconds. When the exchange refuses
    the stop for good, or after `UNPROTECTED_LIMIT_S`, the position is CLOSING: a reduce-only order every few seconds,
    at a wider price after each that did not fill, with an alert at the start, each minute and at the end. A position
    that no entry explains is external: it gets one alert and is left alone, except by a flatten.

    It shares the account's key with the worker, and nothing else: the client's counter makes every nonce unique, and
    what the two may both send is reduce-only. `poller` and its open orders belong to this task; the worker reads the
    newest poll and is called back after each (`on_poll`). A failure of one position's request keeps no other position
    waiting, and whatever fails, the next round begins again from the exchange. What was tried and when is kept in
    memory only: after a restart all is tried again under new client order ids, which is harmless.
    """

    def __init__(self, context: AccountContext, set_ready: SetReady, on_poll: Callable[[], None]) -> None:
        self._context, self._model, self._memory = context, context.model, context.memory
        self._exchange, self._clock = context.exchange, context.clock
        self._set_ready, self._on_poll = set_ready, on_poll
        self.poller, self._actions = AccountPoller(context), ProtectiveActions(context)
        self._closings = Closings(context, self._actions)
        self.on_fill_news: Callable[[], None] = lambda: None
        self.needs_poll = False
        self._woken = asyncio.Event()
        self._unprotected_since: dict[Symbol, float] = {}
        self._unprotected = 0, self._clock.monotonic()
        self._missing_since: dict[Symbol, float] = {}
        self._triggers_at: dict[Symbol, float] = {}
        self._refused: set[tuple[Symbol, OrderRole]] = set()
        self._refusals: Counter[Symbol] = Counter()
        self._orphan_since: dict[int, float] = {}
        self._swept_s = NEVER
        self._reported: set[str] = set()
        self._memory.on_news = self.check_now

    def poll_now(self, *, orders: bool = True) -> None:
        """Something has happened: everything is asked for, or the state alone. May be called by any task of the
        loop."""
        self.poller.invalidate(orders=orders)
        self._woken.set()

    def check_now(self) -> None:
        """Anything may have happened: what was not asked for a moment ago is."""
        self.poller.check()
        self._woken.set()

    def wake(self) -> None:
        """Reports have come, which may make a poll due."""
        self._woken.set()

    # The task.

    async def run(self) -> None:
        """Runs until cancelled, whatever fails."""
        condition = f"protection-{self._model}"
        self._set_ready(condition, False, "the account has not been polled yet")
        pause = Backoff(base_s=0.5, cap_s=MAX_PAUSE_S)
        while True:
            if not self._context.is_owner():
                self._set_ready(condition, False, "standing by: another instance owns the account")
                self._stand_by()
                await self._clock.sleep(OWNER_POLL_S)
                continue
            try:
                await self.round()
            except Exception as error:
                self._report_failure(condition, error)
                await self._pause(pause.next_s())
            else:
                self._set_ready(condition, True, "")
                pause.reset()
                await self._wait()

    def _stand_by(self) -> None:
        """What was known may be outdated when the account is owned again. A flatten without a row is a command that
        waits: it reaches whoever owns the account."""
        self._memory.has_tables, self.poller.latest = False, None
        self._memory.drop_flatten()
        self._orphan_since = {}
        self._unprotected = 0, self._clock.monotonic()
        metrics.UNPROTECTED.labels(self._model).set(0)
        self.poller.invalidate()

    def _report_failure(self, condition: str, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"
        if isinstance(error, FAILURES):
            metrics.EXCHANGE_ERRORS.labels(self._model).inc()
            self._context.log.warning("no usable answer from the exchange; retrying", model=self._model, reason=reason)
            reason = f"no usable answer from the exchange; check HYPERLIQUID_API_URL: {reason}"
        else:
            self._context.report_unexpected("the protector", error)
        self._set_ready(condition, False, reason)

    async def _pause(self, seconds: float) -> None:
        """After a failure; short while something is held, and from news on: they may be of a position."""
        is_idle = self.poller.is_flat and not self._memory.is_entering()
        end_s = self._clock.monotonic() + min(seconds, MAX_PAUSE_S if is_idle else MAX_PAUSE_HELD_S)
        while (left_s := end_s - self._clock.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._woken.wait()
                end_s = min(end_s, self._clock.monotonic() + POLL_AGAIN_S)
            self._woken.clear()

    async def _wait(self) -> None:
        """Until a poll is due: by its interval, on news, or soon while something is not as it should be."""
        while True:
            must_repeat = self.needs_poll or self._memory.is_entering()
            wait_s = min(self.poller.wait_s(), POLL_AGAIN_S) if must_repeat else self.poller.wait_s()
            try:
                async with asyncio.timeout(max(wait_s, 0.01)):
                    await self._woken.wait()
            except TimeoutError:
                if must_repeat:
                    self.poller.repeat(orders=self.needs_poll)
            self._woken.clear()
            if self.poller.weigh_reports():
                self.on_fill_news()
            if self.poller.wait_s() <= 0 or not self._context.is_owner():
                return

    async def round(self) -> None:
        """One poll and what follows from it, as far as the exchange answers. Raises a failure after everything has had
        its turn."""
        poll = await self.poller.poll()
        self._on_poll()
        try:
            await self._act(poll)
        finally:
            self._memory.save(poll.open_orders)
            if self._memory.actions or self._memory.alerts:
                self._on_poll()
        if self.poller.failure is not None:
            raise self.poller.failure

    async def _act(self, poll: AccountPoll) -> None:
        await self._exchange.load_universe(self._memory.last_nonce)
        failures: list[Exception] = []
        self.needs_poll = False
        try:
            await self._ask_for_unlisted(poll)
        except FAILURES as error:
            failures.append(error)
        positions, orders = self._memory.positions(poll), self._memory.open_orders(poll)
        self._forget_gone({position.symbol for position in positions}, poll)
        unprotected = sum(not is_protected(each, orders) for each in positions)
        self._note_unprotected(unprotected)
        self.poller.is_urgent = unprotected > 0
        for position in positions:
            try:
                await self._protect(position, orders)
            except Exception as error:
                failures.append(error)
        for external in poll.state.external:
            self._report_external(external.coin, external.size_coin)
        for step in (self._flatten, self._cancel_orphans):
            try:
                await step(poll, {position.symbol for position in positions})
            except Exception as error:
                failures.append(error)
        self.needs_poll = self.needs_poll or bool(failures)
        if failures:
            raise min(failures, key=lambda error: isinstance(error, FAILURES))

    def _note_unprotected(self, count: int) -> None:
        """Counts the time since the round before for each position that was unprotected then."""
        now_s, (before, since_s) = self._clock.monotonic(), self._unprotected
        metrics.UNPROTECTED_S.labels(self._model).inc(before * max(0.0, now_s - since_s))
        metrics.UNPROTECTED.labels(self._model).set(count)
        self._unprotected = count, now_s

    async def _ask_for_unlisted(self, poll: AccountPoll) -> None:
        """Whether triggers that were accepted and are in no list have ended already, or the list is late."""
        for client_order_id in self._memory.unlisted(poll):
            self.needs_poll = True
            status = await self._exchange.order_status(client_order_id)
            is_live = None if status is None else status.is_live
            self._memory.report_status(client_order_id, poll, is_live=is_live)

    def _forget_gone(self, held: set[Symbol], poll: AccountPoll) -> None:
        """What concerned positions that are gone."""
        self._closings.end_gone(held)
        for noted in (self._unprotected_since, self._missing_since, self._refusals):
            for symbol in noted.keys() - held:
                noted.pop(symbol)
        self._refused = {(symbol, role) for symbol, role in self._refused if symbol in held}
        self._reported &= held | {each.coin for each in poll.state.external}

    # Positions without a stop.

    async def _protect(self, position: Position, orders: list[AccountOrder]) -> None:
        """Places what is missing, or closes what can't be protected."""
        symbol, entry = position.symbol, self._memory.entry_behind(position)
        is_safe = is_protected(position, orders)
        if is_safe:
            self._unprotected_since.pop(symbol, None)
            self._closings.end_protected(symbol)
        if entry is None:
            if not is_safe and self._memory.has_tables:
                self._report_external(symbol.value, position.size_coin)
            return
        missing = {role for role, _ in missing_legs(position, orders, build_triggers(entry, position.size_coin))}
        if is_safe:
            missing -= {role for coin, role in self._refused if coin is symbol}
        if is_safe and not missing:
            self._missing_since.pop(symbol, None)
            self._refusals.pop(symbol, None)
            return
        self.needs_poll = True
        if not is_safe and self._must_close(symbol, missing):
            await self._close(position, entry)
        elif self._may_place(symbol, entry):
            await self._place(position, entry, missing)

    def _must_close(self, symbol: Symbol, missing: set[OrderRole]) -> bool:
        """Whether an unprotected position has no stop to place, or has been without one for too long."""
        now = self._clock.monotonic()
        unprotected_s = now - self._unprotected_since.setdefault(symbol, now)
        is_refused = OrderRole.STOP not in missing or (symbol, OrderRole.STOP) in self._refused
        limit_s = self._context.settings.unprotected_limit_s
        return is_refused or unprotected_s > max(limit_s - CLOSING_S, limit_s / 2)

    def _may_place(self, symbol: Symbol, entry: Intent) -> bool:
        """Once a second list of open orders misses a leg, and then every few seconds when a later one still does, or
        soon after a refusal; a yes counts as done."""
        now, asked_s = self._clock.monotonic(), self.poller.orders_asked_s
        if symbol not in self._missing_since:
            self._missing_since[symbol] = asked_s
            self.poller.invalidate()
        is_certain = asked_s > self._missing_since[symbol] or entry.status is IntentStatus.PARTIAL
        tried_s, refusals = self._triggers_at.get(symbol, NEVER), self._refusals[symbol]
        if 0 < refusals <= len(RETRY_REFUSED_S):
            is_due = now - tried_s >= RETRY_REFUSED_S[refusals - 1]
        else:
            is_due = now - tried_s > RETRY_TRIGGERS_S and asked_s > tried_s
        if not (is_certain and is_due):
            return False
        self._triggers_at[symbol] = now
        return True

    async def _place(self, position: Position, entry: Intent, missing: set[OrderRole]) -> None:
        self.poller.invalidate()
        legs = build_triggers(entry, position.size_coin, self._actions.next_attempt())
        legs = [(role, spec) for role, spec in legs if role in missing]
        refusals = self._refusals.pop(position.symbol, 0)
        placements = await self._actions.place_triggers(entry, legs)
        if all(placement.error and DUPLICATE_NONCE not in placement.error for placement in placements):
            self._refusals[position.symbol] = refusals + 1
        for (role, _), placement in zip(legs, placements, strict=True):
            if NOTHING_TO_CLOSE in (placement.error or "").lower():
                self._memory.report_gone(position)
            elif placement.error is not None and is_final_refusal(placement.error):
                self._refused.add((position.symbol, role))

    async def _close(self, position: Position, entry: Intent | None, *, is_flatten: bool = False) -> None:
        if self._actions.may_close(position.symbol.value):
            self.poller.invalidate()
            await self._closings.close(position, entry, is_flatten=is_flatten)
            self.on_fill_news()

    # Triggers without a position, positions without an entry, a flatten.

    async def _cancel_orphans(self, poll: AccountPoll, held: set[Symbol]) -> None:
        """Cancels the arena's own triggers on coins without a position or an entry on its way, seen twice, and again
        while a later list still has them.

        Only by a state that is later than all that is known of the coin, and once the tables have been read: they hold
        what is on its way.
        """
        now, found = self._clock.monotonic(), {}
        for order in poll.open_orders:
            is_own = order.trigger_price is not None and order.client_order_id in self._memory.roles
            if is_own and order.symbol not in held and not self._memory.is_entering(order.symbol):
                self.needs_poll = True
                if self._memory.has_tables and self._memory.is_settled(order.symbol, poll):
                    found[order.order_id] = order.symbol.value
        self._orphan_since = {order_id: self._orphan_since.get(order_id, now) for order_id in found}
        due = [(found[key], key) for key, since in self._orphan_since.items() if now - since >= ORPHAN_S]
        if due and self.poller.orders_asked_s > self._swept_s:
            self._swept_s = now
            answer = await self._actions.cancel("sweep", due)
            self.poller.invalidate()
            self._context.log.info(
                "sent a cancel of orphan triggers", model=self._model, orders=due, answer=str(answer)[:300]
            )

    async def _flatten(self, poll: AccountPoll, held: set[Symbol]) -> None:
        since_ms = self._memory.flatten_since_ms
        if since_ms is None:
            return
        self.needs_poll = True
        for position in await enforce_flatten(self._context, self._actions, poll, since_ms):
            await self._close(position, self._memory.entry_behind(position), is_flatten=True)

    def _report_external(self, coin: str, size_coin: Decimal) -> None:
        """One alert while the position lasts; risk stops entries on the account meanwhile."""
        if coin not in self._reported:
            self._reported.add(coin)
            text = "a position that no intent of the arena explains"
            alert_position(self._context, AlertCode.EXTERNAL_POSITION, text, coin, size_coin)
