"""Protects one account while PostgreSQL is unavailable: a position that stays without its stop is closed.

Decides by the exchange alone and by what was known before, and sends nothing but reduce-only closes: two instances that
both do can take a position out of the market, never make one grow.
"""

import asyncio
from dataclasses import replace
from typing import Any, Final

from common.events import AlertSeverity, Event
from common.events.alerts import AlertCode
from common.runtime.outages import is_outage
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole, Side, entry_side
from executor.account import metrics
from executor.account.context import AccountContext
from executor.account.protect import NEVER, RETRY_CLOSE_S, PositionProtector
from executor.domain.account import Placement, Position
from executor.domain.bracket import build_close
from executor.domain.events import order_accepted, order_rejected, system_alert
from executor.domain.intent import EXPIRY_MARGIN_MS, Intent, OrderResult
from executor.domain.protection import is_protected
from executor.exchange.errors import UNREADABLE, ExchangeUnavailable, UnknownOutcome
from executor.exchange.parse import parse_placements
from executor.storage.close_journal import JournaledClose

SLOW_TURN_S: Final = 3.0
"""A turn of the worker that takes longer may hang on the database, which is then asked whether it answers."""
DATABASE_TIMEOUT_S: Final = 1.0
TICK_S: Final = 1.0


class OutageProtector:
    """Stands in for the position protector while PostgreSQL doesn't answer. A task of its own beside the worker's.

    WATCHING: the worker's turns end in time (`turn_started` … `turn_finished`), or the database answers a question
    within a second; nothing is sent. PROTECTING: neither does. Then it polls the exchange and closes what has been
    without a stop for `UNPROTECTED_LIMIT_S`, of those positions alone that it knows to be the arena's: from the entries
    of the worker's last poll (`set_held_entries`) and those that the worker has begun to send since (`expect_entry`).
    Each close is in the journal before it is sent; `record_journaled_closes` brings it into the tables before its fills
    are. A failure of the exchange is logged, and the next tick tries again.
    """

    def __init__(self, context: AccountContext, protector: PositionProtector) -> None:
        self._context, self._model = context, context.model
        self._exchange, self._clock = context.exchange, context.clock
        self._protector = protector
        self._held: dict[Symbol, Intent] = {}
        self._expected: dict[Symbol, Intent] = {}
        self._turn_since: float | None = None
        self._probe: asyncio.Task[object] | None = None
        self._polled_at = NEVER
        self._closed_at: dict[Symbol, float] = {}
        self._is_unavailable = False

    def turn_started(self) -> None:
        """The worker begins a turn, which needs the database; the first of several that fail counts."""
        if self._turn_since is None:
            self._turn_since = self._clock.monotonic()

    def turn_finished(self) -> None:
        """The worker has ended a turn without an error."""
        self._turn_since = None

    def set_held_entries(self, entries: dict[Symbol, Intent]) -> None:
        """The entries behind what is held, as the tables have them."""
        self._held, self._expected = entries, {}

    def expect_entry(self, intent: Intent) -> None:
        """An entry that may become a position before the tables are read again."""
        if intent.is_entry:
            self._expected[intent.symbol] = intent

    def poll_now(self) -> None:
        """The account's stream reported something: the next tick polls."""
        self._polled_at = NEVER

    async def run(self) -> None:
        """Ticks until cancelled."""
        try:
            while True:
                await self._clock.sleep(TICK_S)
                if self._context.is_owner() and await self._is_needed():
                    await self._poll_safely()
        finally:
            if self._probe is not None:
                self._probe.cancel()

    async def _is_needed(self) -> bool:
        """Whether the worker's turn doesn't end and the database doesn't answer."""
        since = self._turn_since
        is_slow = since is not None and self._clock.monotonic() - since > SLOW_TURN_S
        is_unavailable = is_slow and not await self._does_database_answer()
        if is_unavailable != self._is_unavailable:
            self._is_unavailable, self._polled_at = is_unavailable, NEVER
            text = "is unavailable: positions are protected by the exchange's answers alone"
            text = text if is_unavailable else "answers again"
            self._context.log.warning(f"the database {text}", model=self._model)
        return is_unavailable

    async def _does_database_answer(self) -> bool:
        """One question at a time: one that hangs can't be taken back, and hanging is an answer."""
        if self._probe is None:
            self._probe = asyncio.ensure_future(self._context.flattens.requested_since(self._model))
        done, _ = await asyncio.wait({self._probe}, timeout=DATABASE_TIMEOUT_S)
        if not done:
            return False
        error, self._probe = self._probe.exception(), None
        if error is not None and not is_outage(error):
            raise error
        return error is None

    async def _poll_safely(self) -> None:
        try:
            await self._poll()
        except (ExchangeUnavailable, UnknownOutcome, *UNREADABLE) as error:
            metrics.EXCHANGE_ERRORS.labels(self._model).inc()
            self._context.log.warning(
                "no usable answer from the exchange either", model=self._model, reason=repr(error)
            )

    async def _poll(self) -> None:
        """Every second while something is unprotected, at once on news, else as often as orders are polled anyway."""
        now, unprotected_since = self._clock.monotonic(), self._protector.unprotected_since
        if not unprotected_since and now - self._polled_at < self._context.settings.orders_interval_s:
            return
        self._polled_at = now
        state = await self._exchange.account_state()
        known = [(position, entry) for position in state.positions if (entry := self._entry_behind(position))]
        orders = (await self._exchange.open_orders({})).orders if known else []
        unprotected = [(position, entry) for position, entry in known if not is_protected(position, orders)]
        metrics.UNPROTECTED.labels(self._model).set(len(unprotected))
        for symbol in set(unprotected_since) - {position.symbol for position, _ in unprotected}:
            unprotected_since.pop(symbol)
        for position, entry in unprotected:
            since = unprotected_since.setdefault(position.symbol, now)
            if now - since > self._context.settings.unprotected_limit_s:
                await self._close(position, entry)

    def _entry_behind(self, position: Position) -> Intent | None:
        """None for what a person opened, which is left alone."""
        for entry in (self._expected.get(position.symbol), self._held.get(position.symbol)):
            if entry is not None and entry.order.side is entry_side(position.side):
                return entry
        return None

    async def _close(self, position: Position, entry: Intent) -> None:
        """Journaled, then sent; tried again every few seconds until the position is gone or protected."""
        now = self._clock.monotonic()
        if now - self._closed_at.get(position.symbol, NEVER) < RETRY_CLOSE_S or not self._context.is_owner():
            return
        self._closed_at[position.symbol] = now
        spec = build_close(
            entry.intent_id,
            position.symbol,
            is_long=position.side is Side.LONG,
            size_coin=position.size_coin,
            mark_price=position.mark_price,
            attempt=self._protector.next_attempt(),
        )
        action = self._exchange.sign_orders([spec], "na")
        close = JournaledClose(
            intent_id=entry.intent_id,
            spec=spec,
            nonce=action.nonce,
            sent_ms=self._clock.now_ms(),
            void_after_ms=action.expires_after_ms + EXPIRY_MARGIN_MS,
        )
        self._context.close_journal.append(close)
        metrics.EMERGENCY_CLOSES.labels(self._model).inc()
        self._context.log.error(
            "closing an unprotected position while the database is unavailable",
            model=self._model,
            symbol=position.symbol.value,
            size_coin=str(position.size_coin),
            client_order_id=spec.client_order_id,
        )
        answer = await self._exchange.send(action.body)
        self._context.close_journal.append(replace(close, answer=answer, answered_ms=self._clock.now_ms()))
        self._context.log.warning(
            "close answered", model=self._model, symbol=position.symbol.value, answer=str(answer)[:300]
        )


async def record_journaled_closes(context: AccountContext) -> None:
    """Brings the journal's closes into the tables, each with order, send, answer and alert, and empties the journal.

    Called by the worker before fills are recorded, so that they find their order. A repeat changes nothing.
    """
    closes = dict(context.close_journal.closes)
    alerted: set[str] = set()
    for close in closes.values():
        intent = await context.intents.get(close.intent_id)
        if intent is None:
            context.log.error("a journaled close of an unknown intent", model=context.model, intent_id=close.intent_id)
            continue
        placement = read_answer(close)
        events: list[Event[Any]] = [] if placement is None else [_answer_event(intent, close, placement)]
        if close.intent_id not in alerted:
            events.append(_closed_alert(intent, close))
            alerted.add(close.intent_id)
        result = OrderResult()
        if placement is not None:
            result = OrderResult(placement.order_id, None if placement.error is None else "rejected")
        await context.orders.add_journaled_close(intent, close, result, events)
    if closes:
        context.close_journal.discard(closes)
        context.outbox.wake()


def read_answer(close: JournaledClose) -> Placement | None:
    """None without an answer that can be read: the exchange is asked by client order id later."""
    try:
        return None if close.answer is None else parse_placements(close.answer, 1)[0]
    except UNREADABLE:
        return None


def _answer_event(intent: Intent, close: JournaledClose, placement: Placement) -> Event[Any]:
    at_ms = close.answered_ms or close.sent_ms
    if placement.error is not None:
        cloid = close.spec.client_order_id
        return order_rejected(intent, OrderRole.FLATTEN, cloid, reason=placement.error, now_ms=at_ms)
    order_id, status = placement.order_id, placement.status
    return order_accepted(intent, OrderRole.FLATTEN, close.spec, order_id=order_id, status=status, now_ms=at_ms)


def _closed_alert(intent: Intent, close: JournaledClose) -> Event[Any]:
    return system_alert(
        AlertCode.UNPROTECTED_CLOSED,
        AlertSeverity.CRITICAL,
        f"{close.spec.symbol} had no confirmed stop and was closed while the database was unavailable",
        model=intent.model,
        key=close.spec.client_order_id,
        now_ms=close.sent_ms,
        symbol=close.spec.symbol.value,
        size_coin=str(close.spec.size_coin),
    )
