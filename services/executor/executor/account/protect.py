"""Keeps one account safe: a position has its stop confirmed or is closed, and no trigger outlives its position."""

from decimal import Decimal
from typing import Final

from common.events import AlertSeverity
from common.events.alerts import AlertCode
from common.trading.instruments import Symbol
from common.trading.orders import IntentStatus, OrderRole, Side, entry_side
from executor.account import metrics
from executor.account.context import AccountContext
from executor.account.external_positions import (
    cancel_external_orders,
    cancellable_orders,
    close_external_position,
    has_external,
)
from executor.domain.account import AccountView, Placement, Position
from executor.domain.bracket import build_close, build_triggers
from executor.domain.events import order_accepted, order_rejected, system_alert
from executor.domain.intent import EXPIRY_MARGIN_MS, Intent, OrderResult
from executor.domain.order import OrderSpec, SendPurpose
from executor.domain.protection import is_protected
from executor.exchange.parse import parse_placements

ORPHAN_S: Final = 2.0
RETRY_TRIGGERS_S: Final = 3.0
RETRY_CLOSE_S: Final = 3.0
FLATTEN_GRACE_MS: Final = 5_000
NEVER: Final = float("-inf")


class PositionProtector:
    """Acts on each poll of one account. Called by the account's worker alone.

    A position of an intent's entry is PROTECTED while stops on the exchange cover its size. Otherwise it is
    UNPROTECTED since the first poll that showed so (`unprotected_since`): at once after a partial fill, else when a
    second poll still misses the stop, whole-position triggers are placed at the intent's prices, again every few
    seconds. When the exchange refuses the stop, or after `UNPROTECTED_LIMIT_S`, the position is closed reduce-only,
    again every few seconds until it is gone. A position that no intent explains is external: it gets one alert and is
    left alone, except by a flatten.

    A failure (UnknownOutcome, ExchangeUnavailable, an outage of the database) propagates to the worker. What was tried
    and when is kept in memory only; after a restart everything is tried again under new client order ids, which is
    harmless, as all of it is reduce-only. `needs_poll` asks the worker for another poll soon.

    The outage protector shares `unprotected_since`, so that the limit counts across the two, and `next_attempt`.
    """

    def __init__(self, context: AccountContext) -> None:
        self._context, self._model = context, context.model
        self._exchange, self._clock = context.exchange, context.clock
        self.needs_poll = False
        self.unprotected_since: dict[Symbol, float] = {}
        self._triggers_at: dict[Symbol, float] = {}
        self._closed_at: dict[str, float] = {}
        self._refused: set[Symbol] = set()
        self._orphan_since: dict[int, float] = {}
        self._reported: set[str] = set()
        self._last_attempt = 0

    async def enforce(self, view: AccountView, flatten_since: int | None) -> None:
        """Acts on what a poll has shown."""
        self.needs_poll = False
        for symbol in set(self.unprotected_since) - view.held:
            self.unprotected_since.pop(symbol)
        self._reported &= view.held | {each.coin for each in view.state.external}
        self._refused &= view.held
        await self._cancel_orphans(view)
        for position in view.state.positions:
            await self._protect(position, view)
        for external in view.state.external:
            await self._report_external(external.coin, external.size_coin)
        if flatten_since is not None:
            await self._flatten(view, flatten_since)

    def next_attempt(self) -> int:
        """A number that no earlier replacement order has used, also after a restart."""
        self._last_attempt = max(self._last_attempt + 1, self._clock.now_ms())
        return self._last_attempt

    # Triggers without a position.

    async def _cancel_orphans(self, view: AccountView) -> None:
        """Cancels the arena's own triggers on coins without a position or an entry on its way, seen twice."""
        now = self._clock.monotonic()
        orphans = _find_orphans(view)
        self._orphan_since = {order_id: self._orphan_since.get(order_id, now) for order_id in orphans}
        self.needs_poll = self.needs_poll or bool(orphans)
        due = [order_id for order_id, since in self._orphan_since.items() if now - since >= ORPHAN_S]
        for symbol in {orphans[order_id] for order_id in due}:
            order_ids = [order_id for order_id in due if orphans[order_id] is symbol]
            await self._cancel("sweep", symbol, order_ids)
            self._context.log.info(
                "orphan triggers cancelled", model=self._model, symbol=symbol.value, orders=order_ids
            )

    async def _cancel(self, intent_id: str, symbol: Symbol, order_ids: list[int]) -> None:
        action = self._exchange.sign_cancels([(symbol.value, order_id) for order_id in order_ids])
        await self._context.send_logged(intent_id, SendPurpose.CANCEL, action)

    # Positions without a stop.

    async def _protect(self, position: Position, view: AccountView) -> None:
        """Places triggers at once after a partial fill, else once a second poll still misses the stop."""
        if is_protected(position, view.open_orders):
            self.unprotected_since.pop(position.symbol, None)
            return
        entry = view.entries.get(position.symbol)
        if entry is None or entry.order.side is not entry_side(position.side):
            await self._report_external(position.symbol.value, position.size_coin)
            return
        self.needs_poll = True
        now = self._clock.monotonic()
        since = self.unprotected_since.setdefault(position.symbol, now)
        is_overdue = now - since > self._context.settings.unprotected_limit_s
        if is_overdue or position.symbol in self._refused:
            await self._close(position, entry, with_alert=True)
            return
        is_certain = since != now or self._are_triggers_dead(entry, view)
        if is_certain and now - self._triggers_at.get(position.symbol, NEVER) > RETRY_TRIGGERS_S:
            self._triggers_at[position.symbol] = now
            await self._place_triggers(position, entry)

    @staticmethod
    def _are_triggers_dead(entry: Intent, view: AccountView) -> bool:
        """Whether a partly filled entry's own stops are known to be dead and none has been placed instead."""
        stops = [row for row in view.orders.values() if row.intent_id == entry.intent_id and row.role is OrderRole.STOP]
        return entry.status is IntentStatus.PARTIAL and all(row.final_status is not None for row in stops)

    async def _place_triggers(self, position: Position, entry: Intent) -> None:
        """Whole-position triggers at the intent's prices, under client order ids of their own."""
        legs = build_triggers(entry, position.size_coin, self.next_attempt())
        if not legs:
            self._refused.add(position.symbol)
            return
        action = self._exchange.sign_orders([spec for _, spec in legs], "positionTpsl")
        await self._context.orders.add(entry, legs, action.expires_after_ms + EXPIRY_MARGIN_MS)
        answer = await self._context.send_logged(entry.intent_id, SendPurpose.PROTECT, action)
        for (role, spec), placement in zip(legs, parse_placements(answer, len(legs)), strict=True):
            await self._record_placement(entry, role, spec, placement)
            if placement.error is not None and role is OrderRole.STOP:
                self._refused.add(position.symbol)
        self._context.outbox.wake()
        self._context.log.warning(
            "whole-position triggers placed", model=self._model, symbol=position.symbol.value, answer=str(answer)[:300]
        )

    async def _close(self, position: Position, entry: Intent, *, with_alert: bool) -> None:
        """Closes the position reduce-only; tried again every few seconds until it is gone."""
        if not self._may_close(position.symbol.value):
            return
        spec = self._closing_order(entry.intent_id, position)
        action = self._exchange.sign_orders([spec], "na")
        legs = [(OrderRole.FLATTEN, spec)]
        await self._context.orders.add(entry, legs, action.expires_after_ms + EXPIRY_MARGIN_MS)
        if with_alert:
            metrics.EMERGENCY_CLOSES.labels(self._model).inc()
            await self._alert(
                AlertCode.UNPROTECTED_CLOSED,
                f"{position.symbol} has no confirmed stop and is being closed",
                key=spec.client_order_id,
                coin=position.symbol.value,
                size_coin=position.size_coin,
            )
        answer = await self._context.send_logged(entry.intent_id, SendPurpose.FLATTEN, action)
        placement = parse_placements(answer, 1)[0]
        if placement.error is not None:
            self._context.log.warning(
                "the exchange rejected the close of an unprotected or flattened position; trying again",
                model=self._model,
                symbol=position.symbol.value,
                reason=placement.error,
            )
        await self._record_placement(entry, OrderRole.FLATTEN, spec, placement)
        self._context.outbox.wake()

    def _closing_order(self, intent_id: str, position: Position) -> OrderSpec:
        return build_close(
            intent_id,
            position.symbol,
            is_long=position.side is Side.LONG,
            size_coin=position.size_coin,
            mark_price=position.mark_price,
            attempt=self.next_attempt(),
        )

    async def _record_placement(self, entry: Intent, role: OrderRole, spec: OrderSpec, placement: Placement) -> None:
        """What became of an order that followed an intent's own, with its event."""
        now_ms = self._clock.now_ms()
        if placement.error is None:
            result = OrderResult(order_id=placement.order_id)
            event = order_accepted(
                entry, role, spec, order_id=placement.order_id, status=placement.status, now_ms=now_ms
            )
            await self._context.orders.update(spec.client_order_id, result, [event])
            return
        result = OrderResult(final_status="rejected")
        rejection = order_rejected(entry, role, spec.client_order_id, reason=placement.error, now_ms=now_ms)
        await self._context.orders.update(spec.client_order_id, result, [rejection])

    def _may_close(self, coin: str) -> bool:
        """Not again within a few seconds; a yes counts as done."""
        now = self._clock.monotonic()
        if now - self._closed_at.get(coin, NEVER) < RETRY_CLOSE_S:
            return False
        self._closed_at[coin] = now
        return True

    # Positions that no intent explains.

    async def _report_external(self, coin: str, size_coin: Decimal) -> None:
        """One alert while the position lasts; risk stops entries on the account meanwhile."""
        if coin in self._reported:
            return
        self._reported.add(coin)
        await self._alert(
            AlertCode.EXTERNAL_POSITION,
            f"{coin}: a position that no intent of the arena explains",
            key=f"{coin}|{self._clock.now_ms()}",
            coin=coin,
            size_coin=size_coin,
        )

    async def _close_external(self, position: Position) -> None:
        """Closes a position without an intent; its fills are published without one, too."""
        if not self._may_close(position.symbol.value):
            return
        spec = self._closing_order(f"external|{self._exchange.address}", position)
        action = self._exchange.sign_orders([spec], "na")
        answer = await self._context.send_logged("flatten", SendPurpose.FLATTEN, action)
        self._context.log.warning(
            "external position closed", model=self._model, symbol=position.symbol.value, answer=str(answer)[:300]
        )

    # A flatten: a person wants the account out of the market.

    async def _flatten(self, view: AccountView, since_ms: int) -> None:
        """Risk's exits close what is held; what is still there after a grace, without an exit on its way, goes here."""
        if _is_out(view):
            await self._finish_flatten(since_ms)
            return
        self.needs_poll = True
        await self._cancel_resting_entries(view)
        is_due = self._clock.now_ms() - since_ms >= FLATTEN_GRACE_MS
        if is_due:
            await self._close_held(view)
        if orders := cancellable_orders(view):
            await cancel_external_orders(self._context, orders)
        for external in view.state.external if is_due else ():
            if self._may_close(external.coin):
                await close_external_position(self._context, external, self.next_attempt())

    async def _close_held(self, view: AccountView) -> None:
        """Closes the positions on the arena's coins that have no exit on its way."""
        exiting = {intent.symbol for intent in view.unfinished if not intent.is_entry}
        for position in view.state.positions:
            entry = view.entries.get(position.symbol)
            if position.symbol in exiting:
                continue
            if entry is not None:
                await self._close(position, entry, with_alert=False)
            else:
                await self._close_external(position)

    async def _cancel_resting_entries(self, view: AccountView) -> None:
        resting: dict[Symbol, list[int]] = {}
        for order in view.open_orders:
            if not order.reduce_only:
                resting.setdefault(order.symbol, []).append(order.order_id)
        for symbol, order_ids in resting.items():
            await self._cancel("flatten", symbol, order_ids)

    async def _finish_flatten(self, since_ms: int) -> None:
        """The poll is the proof: no position on any coin, no resting entry, no stop of the arena's."""
        now_ms = self._clock.now_ms()
        event = system_alert(
            AlertCode.FLATTENED,
            AlertSeverity.INFO,
            "out of the market: no position, no resting entry and no stop is left",
            model=self._model,
            key=since_ms,
            now_ms=now_ms,
            positions="0",
            resting_entries="0",
            stops="0",
            after_ms=str(now_ms - since_ms),
        )
        await self._context.flattens.finish(self._model, now_ms, [event])
        self._context.outbox.wake()

    async def _alert(self, code: AlertCode, message: str, *, key: str, coin: str, size_coin: Decimal) -> None:
        now_ms = self._clock.now_ms()
        self._context.log.error("alert", code=code.value, message=message, model=self._model)
        await self._context.alert(
            code,
            AlertSeverity.CRITICAL,
            message,
            key=key,
            now_ms=now_ms,
            symbol=coin,
            size_coin=str(size_coin),
        )


def _find_orphans(view: AccountView) -> dict[int, Symbol]:
    """Triggers of the arena's, by order id, on coins that neither have a position nor may get one."""
    entering = {
        intent.symbol for intent in view.unfinished if intent.is_entry and intent.status is not IntentStatus.STORED
    }
    in_use = view.held | entering
    return {
        order.order_id: order.symbol
        for order in view.open_orders
        if order.trigger_price is not None and order.symbol not in in_use and order.client_order_id in view.orders
    }


def _is_out(view: AccountView) -> bool:
    """Whether the account has no position, no entry on its way, and no order but a person's reduce-only ones."""
    is_entering = any(intent.is_entry for intent in view.unfinished)
    to_go = [order for order in view.open_orders if not order.reduce_only or order.client_order_id in view.orders]
    return not (is_entering or view.state.positions or to_go or has_external(view))
