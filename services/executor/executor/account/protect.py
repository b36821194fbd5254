"""Keeps one account safe: a position has its stop confirmed or leaves, and no trigger outlives its position."""

from decimal import Decimal

from common.events import AlertSeverity, OrderRole
from common.trading.instruments import Symbol
from common.trading.orders import Side, entry_side
from executor.account import metrics
from executor.account.context import Desk
from executor.account.external_positions import cancel_foreign, close_foreign, is_out, unwanted_orders
from executor.domain import events as facts
from executor.domain.account import View, WirePosition
from executor.domain.bracket import emergency_close, triggers_of
from executor.domain.intent import SETTLE_MS, Intent
from executor.domain.protection import is_protected
from executor.exchange.parse import placed_of

ORPHAN_S = 2.0
RETRY_TRIGGERS_S = 3.0
RETRY_CLOSE_S = 3.0
FLATTEN_GRACE_MS = 5_000


class Guard:
    """Remembers since when something is wrong; `must_look` says that it wants to look again soon."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.model, self.venue, self.clock = desk, desk.model, desk.venue, desk.clock
        self.must_look = False
        self.naked_since: dict[Symbol, float] = {}
        self._tried_at: dict[Symbol, float] = {}
        self._closed_at: dict[str, float] = {}
        self._refused: set[Symbol] = set()
        self._orphan_since: dict[int, float] = {}
        self._adopted: set[str] = set()
        self._last_attempt = 0

    async def check(self, view: View, flatten_since: int | None) -> None:
        """Acts on what a look has shown."""
        self.must_look = False
        for symbol in set(self.naked_since) - view.held:
            self.naked_since.pop(symbol)
        self._adopted &= view.held | {foreign.coin for foreign in view.state.foreign}
        self._refused &= view.held
        await self._sweep(view)
        for position in view.state.positions:
            await self._protect(position, view)
        for foreign in view.state.foreign:
            await self._adopt(foreign.coin, foreign.size_coin)
        if flatten_since is not None:
            await self._flatten(view, flatten_since)

    # Triggers without a position.

    async def _sweep(self, view: View) -> None:
        """Cancels our triggers on coins where no position is left and none is on its way, seen twice."""
        now = self.clock.monotonic()
        coming = {intent.symbol for intent in view.unfinished if intent.is_entry and intent.status != "STORED"}
        orphans = {
            order.order_id: order.symbol
            for order in view.open_orders
            if order.trigger_price is not None
            and order.symbol not in view.held | coming
            and order.client_order_id in view.rows
        }
        self._orphan_since = {oid: self._orphan_since.get(oid, now) for oid in orphans}
        self.must_look = self.must_look or bool(orphans)
        ripe = [oid for oid, since in self._orphan_since.items() if now - since >= ORPHAN_S]
        for symbol in {orphans[oid] for oid in ripe}:
            order_ids = [oid for oid in ripe if orphans[oid] is symbol]
            await self.desk.post("sweep", "cancel", self.venue.prepare_cancel(symbol, order_ids))
            self.desk.log.info("orphan triggers cancelled", model=self.model, symbol=symbol.value, orders=order_ids)

    # Positions without a stop.

    async def _protect(self, position: WirePosition, view: View) -> None:
        """Triggers are placed at once after a partial fill, else once a second look still misses them."""
        if is_protected(position, view.open_orders):
            self.naked_since.pop(position.symbol, None)
            return
        entry = view.entries.get(position.symbol)
        if entry is None or entry.order.side is not entry_side(position.side):
            await self._adopt(position.symbol.value, position.size_coin)
            return
        self.must_look = True
        now = self.clock.monotonic()
        since = self.naked_since.setdefault(position.symbol, now)
        has_overrun = now - since > self.desk.settings.unprotected_limit_s
        if has_overrun or position.symbol in self._refused:
            await self._close(position, entry, is_alarming=True)
            return
        is_certain = since != now or self._is_fresh_partial(entry, view)
        if is_certain and now - self._tried_at.get(position.symbol, float("-inf")) > RETRY_TRIGGERS_S:
            self._tried_at[position.symbol] = now
            await self._place_triggers(position, entry)

    @staticmethod
    def _is_fresh_partial(entry: Intent, view: View) -> bool:
        """Whether the entry's own triggers are known to be dead and none has been placed instead."""
        triggers = [
            row for row in view.rows.values() if row.intent_id == entry.intent_id and row.role is OrderRole.STOP
        ]
        return entry.status == "PARTIAL" and all(row.final_status is not None for row in triggers)

    async def _place_triggers(self, position: WirePosition, entry: Intent) -> None:
        """Whole-position triggers at the intent's prices, under client order ids of their own."""
        legs = triggers_of(entry, position.size_coin, self.next_attempt())
        if not legs:
            self._refused.add(position.symbol)
            return
        prepared = self.venue.prepare_orders([spec for _, spec in legs], "positionTpsl")
        await self.desk.orders.add(entry, legs, prepared.expires_after_ms + SETTLE_MS)
        answer = await self.desk.post(entry.intent_id, "protect", prepared)
        for (role, spec), placed in zip(legs, placed_of(answer, len(legs)), strict=True):
            now_ms = self.clock.now_ms()
            if placed.error is None:
                event = facts.accepted(entry, role, spec, placed.order_id, placed.status, now_ms)
                await self.desk.orders.settle(spec.client_order_id, order_id=placed.order_id, events=[event])
                continue
            event = facts.rejected(entry, role, spec.client_order_id, placed.error, now_ms)
            await self.desk.orders.settle(spec.client_order_id, final="rejected", events=[event])
            if role is OrderRole.STOP:
                self._refused.add(position.symbol)
        self.desk.outbox.wake()
        self.desk.log.warning(
            "whole-position triggers placed", model=self.model, symbol=position.symbol.value, answer=str(answer)[:300]
        )

    async def _close(self, position: WirePosition, entry: Intent, *, is_alarming: bool) -> None:
        """The position leaves the market, reduce-only; asked again every few seconds until it is gone."""
        if not self._may_close(position.symbol.value):
            return
        is_long = position.side is Side.LONG
        attempt = self.next_attempt()
        spec = emergency_close(
            entry.intent_id, position.symbol, is_long, position.size_coin, position.mark_price, attempt
        )
        prepared = self.venue.prepare_orders([spec], "na")
        await self.desk.orders.add(entry, [(OrderRole.FLATTEN, spec)], prepared.expires_after_ms + SETTLE_MS)
        if is_alarming:
            metrics.EMERGENCY_CLOSES.labels(self.model).inc()
            await self._alert(
                "UNPROTECTED_CLOSED",
                f"{position.symbol} has no confirmed stop and is being closed",
                key=spec.client_order_id,
                coin=position.symbol.value,
                size_coin=position.size_coin,
            )
        answer = await self.desk.post(entry.intent_id, "flatten", prepared)
        placed = placed_of(answer, 1)[0]
        if placed.error is not None:
            self.desk.log.warning("close refused", model=self.model, symbol=position.symbol.value, reason=placed.error)
            event = facts.rejected(entry, OrderRole.FLATTEN, spec.client_order_id, placed.error, self.clock.now_ms())
            await self.desk.orders.settle(spec.client_order_id, final="rejected", events=[event])
        else:
            event = facts.accepted(entry, OrderRole.FLATTEN, spec, placed.order_id, placed.status, self.clock.now_ms())
            await self.desk.orders.settle(spec.client_order_id, order_id=placed.order_id, events=[event])
        self.desk.outbox.wake()

    async def _adopt(self, coin: str, size_coin: Decimal) -> None:
        """A position that nobody of us ordered: said once; risk stops entries while it lasts."""
        if coin in self._adopted:
            return
        self._adopted.add(coin)
        key = f"{coin}|{self.clock.now_ms()}"
        message = f"{coin}: a position that no intent of ours explains"
        await self._alert("EXTERNAL_POSITION", message, key=key, coin=coin, size_coin=size_coin)

    # A person wants the account out of the market.

    async def _flatten(self, view: View, since_ms: int) -> None:
        """Risk's exits close what is held; what is still there after a grace, and in nobody's hand, is closed here."""
        coming = [intent for intent in view.unfinished if intent.is_entry]
        ours = [order for order in view.open_orders if not order.reduce_only or order.client_order_id in view.rows]
        if not coming and not view.state.positions and not ours and is_out(view):
            await self._end_flatten(since_ms)
            return
        self.must_look = True
        resting: dict[Symbol, list[int]] = {}
        for order in view.open_orders:
            if not order.reduce_only:
                resting.setdefault(order.symbol, []).append(order.order_id)
        for symbol, order_ids in resting.items():
            await self.desk.post("flatten", "cancel", self.venue.prepare_cancel(symbol, order_ids))
        is_due = self.clock.now_ms() - since_ms >= FLATTEN_GRACE_MS
        leaving = {intent.symbol for intent in view.unfinished if not intent.is_entry}
        for position in view.state.positions if is_due else ():
            entry = view.entries.get(position.symbol)
            if position.symbol not in leaving and entry is not None:
                await self._close(position, entry, is_alarming=False)
            elif position.symbol not in leaving:
                await self._close_external(position)
        if orders := unwanted_orders(view):
            await cancel_foreign(self.desk, orders)
        for foreign in view.state.foreign if is_due else ():
            if self._may_close(foreign.coin):
                await close_foreign(self.desk, foreign, self.next_attempt())

    async def _end_flatten(self, since_ms: int) -> None:
        """What the exchange has just shown is the proof: no position on any coin, no resting entry, no stop of ours."""
        now_ms = self.clock.now_ms()
        event = facts.alert(
            "FLATTENED",
            AlertSeverity.INFO,
            "out of the market: no position, no resting entry and no stop is left",
            model=self.model,
            key=since_ms,
            now_ms=now_ms,
            positions="0",
            resting_entries="0",
            stops="0",
            after_ms=str(now_ms - since_ms),
        )
        await self.desk.orders.end_flatten(self.model, now_ms, [event])
        self.desk.outbox.wake()

    async def _close_external(self, position: WirePosition) -> None:
        """Closes a position without an intent; its fills are reported without one, too."""
        if not self._may_close(position.symbol.value):
            return
        name = f"external|{self.venue.address}"
        is_long = position.side is Side.LONG
        spec = emergency_close(
            name, position.symbol, is_long, position.size_coin, position.mark_price, self.next_attempt()
        )
        answer = await self.desk.post("flatten", "flatten", self.venue.prepare_orders([spec], "na"))
        self.desk.log.warning(
            "external position closed", model=self.model, symbol=position.symbol.value, answer=str(answer)[:300]
        )

    async def _alert(self, code: str, message: str, *, key: str, coin: str, size_coin: Decimal) -> None:
        now_ms = self.clock.now_ms()
        self.desk.log.error("alert", code=code, message=message, model=self.model)
        event = facts.alert(
            code,
            AlertSeverity.CRITICAL,
            message,
            model=self.model,
            key=key,
            now_ms=now_ms,
            symbol=coin,
            size_coin=str(size_coin),
        )
        await self.desk.orders.tell(event)
        self.desk.outbox.wake()

    def _may_close(self, coin: str) -> bool:
        """Not again within a few seconds; a yes counts as done."""
        now = self.clock.monotonic()
        if now - self._closed_at.get(coin, float("-inf")) < RETRY_CLOSE_S:
            return False
        self._closed_at[coin] = now
        return True

    def next_attempt(self) -> int:
        """A number that no earlier replacement has used, also after a restart."""
        self._last_attempt = max(self._last_attempt + 1, self.clock.now_ms())
        return self._last_attempt
