"""Watches one account while the database doesn't answer: a position that stays without its stop is closed.

It decides by the exchange alone and by what was known before. It sends nothing but reduce-only closes: two instances
that both do can take a position out of the market, never make one grow.
"""

import asyncio
from dataclasses import replace
from typing import Any

from common.events import AlertSeverity, Event, OrderRole
from common.runtime.outages import is_outage
from common.trading.instruments import Symbol
from common.trading.orders import Side, entry_side
from executor.account import metrics
from executor.account.context import Desk
from executor.account.protect import RETRY_CLOSE_S, Guard
from executor.domain import events as facts
from executor.domain.account import Placed, WirePosition
from executor.domain.bracket import emergency_close
from executor.domain.intent import SETTLE_MS, Intent
from executor.domain.protection import is_protected
from executor.exchange.errors import UNREADABLE, UnknownOutcome, VenueAway
from executor.exchange.parse import open_orders_of, placed_of, state_of
from executor.storage.close_journal import SentClose

DOUBT_S = 3.0
"""A turn that takes longer may hang on the database, which is then asked whether it is there."""
ANSWER_LIMIT_S = 1.0
LOOK_S = 1.0
NEVER = float("-inf")


class Vigil:
    """Knows which positions are ours from the lane's last look and from what it has begun to send since."""

    def __init__(self, desk: Desk, guard: Guard) -> None:
        self.desk, self.model, self.venue, self.clock = desk, desk.model, desk.venue, desk.clock
        self._guard = guard
        self._held: dict[Symbol, Intent] = {}
        self._coming: dict[Symbol, Intent] = {}
        self._doubt_since: float | None = None
        self._asking: asyncio.Task[object] | None = None
        self._looked_at = NEVER
        self._closed_at: dict[Symbol, float] = {}
        self._is_away = False

    def doubt(self) -> None:
        """The lane begins a turn, which needs the database."""
        if self._doubt_since is None:
            self._doubt_since = self.clock.monotonic()

    def trust(self) -> None:
        """The lane has ended a turn well."""
        self._doubt_since = None

    def remember(self, entries: dict[Symbol, Intent]) -> None:
        """The entries behind what is held, as the tables have them."""
        self._held, self._coming = entries, {}

    def expect(self, intent: Intent) -> None:
        """An entry that may become a position before the tables are read again."""
        if intent.is_entry:
            self._coming[intent.symbol] = intent

    def news(self) -> None:
        """The account's feed told something: the next look comes at once."""
        self._looked_at = NEVER

    async def run(self) -> None:
        """Looks on for ever."""
        try:
            while True:
                await self.clock.sleep(LOOK_S)
                if self.desk.is_owner() and await self._is_needed():
                    await self._look_safely()
        finally:
            if self._asking is not None:
                self._asking.cancel()

    async def _is_needed(self) -> bool:
        """Whether the lane doesn't come to an end and the database doesn't answer."""
        since = self._doubt_since
        is_away = since is not None and self.clock.monotonic() - since > DOUBT_S and not await self._is_database_there()
        if is_away != self._is_away:
            self._is_away, self._looked_at = is_away, NEVER
            text = "is away: positions are watched at the exchange alone" if is_away else "is back"
            self.desk.log.warning(f"the database {text}", model=self.model)
        return is_away

    async def _is_database_there(self) -> bool:
        """One question at a time: one that hangs can't be taken back, and says enough by hanging."""
        if self._asking is None:
            self._asking = asyncio.ensure_future(self.desk.orders.flatten_since(self.model))
        done, _ = await asyncio.wait({self._asking}, timeout=ANSWER_LIMIT_S)
        if not done:
            return False
        error, self._asking = self._asking.exception(), None
        if error is not None and not is_outage(error):
            raise error
        return error is None

    async def _look_safely(self) -> None:
        try:
            await self._look()
        except (VenueAway, UnknownOutcome, *UNREADABLE) as error:
            metrics.VENUE_ERRORS.labels(self.model).inc()
            self.desk.log.warning("the exchange does not answer either", model=self.model, reason=str(error))

    async def _look(self) -> None:
        """Every second while something is naked, at once on news, else as often as orders are looked at anyway."""
        now, naked_since = self.clock.monotonic(), self._guard.naked_since
        if not naked_since and now - self._looked_at < self.desk.settings.orders_interval_s:
            return
        self._looked_at = now
        state = state_of(await self.venue.state())
        ours = [(position, entry) for position in state.positions if (entry := self._entry_behind(position))]
        orders = open_orders_of(await self.venue.open_orders(), {}) if ours else []
        naked = [(position, entry) for position, entry in ours if not is_protected(position, orders)]
        metrics.UNPROTECTED.labels(self.model).set(len(naked))
        for symbol in set(naked_since) - {position.symbol for position, _ in naked}:
            naked_since.pop(symbol)
        for position, entry in naked:
            since = naked_since.setdefault(position.symbol, now)
            if now - since > self.desk.settings.unprotected_limit_s:
                await self._close(position, entry)

    def _entry_behind(self, position: WirePosition) -> Intent | None:
        """What a person opened stays that person's."""
        for entry in (self._coming.get(position.symbol), self._held.get(position.symbol)):
            if entry is not None and entry.order.side is entry_side(position.side):
                return entry
        return None

    async def _close(self, position: WirePosition, entry: Intent) -> None:
        """Noted, then sent; asked again every few seconds until the position is gone or protected."""
        now = self.clock.monotonic()
        if now - self._closed_at.get(position.symbol, NEVER) < RETRY_CLOSE_S or not self.desk.is_owner():
            return
        self._closed_at[position.symbol] = now
        spec = emergency_close(
            *(entry.intent_id, position.symbol, position.side is Side.LONG, position.size_coin, position.mark_price),
            self._guard.next_attempt(),
        )
        prepared = self.venue.prepare_orders([spec], "na")
        void_after_ms = prepared.expires_after_ms + SETTLE_MS
        close = SentClose(entry.intent_id, spec, prepared.nonce, self.clock.now_ms(), void_after_ms)
        self.desk.journal.note(close)
        metrics.EMERGENCY_CLOSES.labels(self.model).inc()
        self.desk.log.error(
            "closing a position without a stop, the database being away",
            model=self.model,
            symbol=position.symbol.value,
            size_coin=str(position.size_coin),
            client_order_id=spec.client_order_id,
        )
        answer = await self.venue.send(prepared.body)
        self.desk.journal.note(replace(close, answer=answer, answered_ms=self.clock.now_ms()))
        self.desk.log.warning("answered", model=self.model, symbol=position.symbol.value, answer=str(answer)[:300])


async def take_over_closes(desk: Desk) -> None:
    """Each as the guard records its own: order, line of the send log, answer and alert. A repeat changes nothing."""
    taken = dict(desk.journal.closes)
    alerted: set[str] = set()
    for close in taken.values():
        intent = await desk.intents.get(close.intent_id)
        if intent is None:
            desk.log.error("a close of an unknown intent", model=desk.model, intent_id=close.intent_id)
            continue
        placed = answered(close)
        events = [] if placed is None else [_answer(intent, close, placed.error, placed.order_id, placed.status)]
        if close.intent_id not in alerted:
            events.append(_alert(intent, close))
            alerted.add(close.intent_id)
        order_id = None if placed is None else placed.order_id
        final = "rejected" if placed is not None and placed.error is not None else None
        await desk.orders.take_over(intent, close, order_id, final, events)
    if taken:
        desk.journal.forget(taken)
        desk.outbox.wake()


def answered(close: SentClose) -> Placed | None:
    """None when there was no answer, or one that can't be read: the exchange is asked by client order id later."""
    try:
        return None if close.answer is None else placed_of(close.answer, 1)[0]
    except UNREADABLE:
        return None


def _answer(intent: Intent, close: SentClose, error: str | None, order_id: int | None, status: str) -> Event[Any]:
    at_ms = close.answered_ms or close.sent_ms
    if error is not None:
        return facts.rejected(intent, OrderRole.FLATTEN, close.spec.client_order_id, error, at_ms)
    return facts.accepted(intent, OrderRole.FLATTEN, close.spec, order_id, status, at_ms)


def _alert(intent: Intent, close: SentClose) -> Event[Any]:
    return facts.alert(
        "UNPROTECTED_CLOSED",
        AlertSeverity.CRITICAL,
        f"{close.spec.symbol} had no confirmed stop and was closed while the database was away",
        model=intent.model,
        key=close.spec.client_order_id,
        now_ms=close.sent_ms,
        symbol=close.spec.symbol.value,
        size_coin=str(close.spec.size_coin),
    )
