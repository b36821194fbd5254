"""One model's lane: its intents one after the other, its account watched, its positions protected."""

import asyncio
from decimal import Decimal

from common.events import AccountOrder, AlertSeverity, OrderRole
from common.events.codec import encode
from common.runtime.backoff import Backoff
from common.runtime.outages import is_outage
from common.runtime.service import Service
from common.trading.symbols import Side, Symbol
from executor import facts, metrics
from executor.bracket import emergency_close, triggers_of
from executor.config import ExecutorSettings
from executor.halt import HaltFile
from executor.parse import WirePosition, WireState, fills_of, open_orders_of, order_state_of, state_of
from executor.sender import Sender
from executor.store import Intent, IntentStore, OrderRow
from executor.venue import OrderSpec, UnknownOutcome, Venue, VenueAway

IDLE_S = 0.5
FILLS_EVERY_S = 60.0
RETRY_TRIGGERS_S = 3.0
OVERLAP_MS = 10_000
RECENT_MS = 3_600_000
MAX_COVERS = 50


class Lane:
    """Everything about one account happens here, in one task, so that no two actions of a key run at once."""

    def __init__(
        self,
        model: str,
        venue: Venue,
        store: IntentStore,
        service: Service,
        settings: ExecutorSettings,
        halts: HaltFile,
    ) -> None:
        self.model, self.venue, self.store = model, venue, store
        self.service, self.settings, self.clock = service, settings, service.clock
        self.sender = Sender(model, venue, store, service, settings, halts)
        self.go = asyncio.Event()
        self._kicked = asyncio.Event()
        self._orders: list[AccountOrder] = []
        self._sizes: dict[Symbol, Decimal] = {}
        self._naked_since: dict[Symbol, float] = {}
        self._tried_at: dict[Symbol, float] = {}
        self._attempts: dict[str, int] = {}
        self._adopted: set[Symbol] = set()
        self._state_at = self._orders_at = self._fills_at = float("-inf")

    def kick(self) -> None:
        """Something may have changed: look at once instead of at the next turn."""
        self._orders_at = self._fills_at = self._state_at = float("-inf")
        self._kicked.set()

    async def run(self) -> None:
        """Reconciles, then works, for ever. What the exchange doesn't answer is asked again after a pause."""
        await self.go.wait()
        pause = Backoff(base_s=0.5, cap_s=10)
        name = f"account-{self.model}"
        self.service.set_ready(name, False, "not reconciled yet")
        while True:
            try:
                await self.venue.open()
                await self._turn()
                self.service.set_ready(name, True)
                pause.reset()
                await self._rest()
            except (VenueAway, UnknownOutcome) as error:
                metrics.VENUE_ERRORS.labels(self.model).inc()
                self.service.set_ready(name, False, f"the exchange does not answer; check HYPERLIQUID_API_URL: {error}")
                self.service.log.warning("the exchange does not answer", model=self.model, reason=str(error))
                await self.clock.sleep(pause.next_s())
            except Exception as error:
                if not is_outage(error):
                    raise
                self.service.log.warning("waiting for the database", model=self.model, reason=str(error))
                await self.clock.sleep(pause.next_s())

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(IDLE_S):
                await self._kicked.wait()
        except TimeoutError:
            pass
        self._kicked.clear()

    async def _turn(self) -> None:
        """Looks first, also before the very first send; then takes each intent one step on, and looks again."""
        await self._watch()
        for intent in await self.store.unfinished(self.model):
            if await self._must_wait(intent):
                continue
            try:
                if await self.sender.advance(intent):
                    self._orders_at = self._fills_at = self._state_at = float("-inf")
            except UnknownOutcome as error:
                current = await self.store.get(intent.intent_id)
                if current is not None and current.first_sent_ms is not None:
                    await self.sender.mark_in_flight(intent, str(error))
                else:
                    raise
        await self._watch()

    async def _must_wait(self, intent: Intent) -> bool:
        """An entry waits until the coin's old triggers are gone; they are swept meanwhile."""
        if not intent.is_entry or intent.status != "STORED" or self._sizes.get(intent.symbol):
            return False
        return any(order.symbol is intent.symbol and order.trigger_price is not None for order in self._orders)

    # Watching the account.

    async def _watch(self) -> None:
        """Fills first, then state and orders: a state published after them contains them."""
        now = self.clock.monotonic()
        if now - self._state_at < self.settings.state_interval_s:
            return
        done = await self.store.recent(self.model, self.clock.now_ms() - RECENT_MS)
        unfinished = await self.store.unfinished(self.model)
        rows = await self.store.orders(self.model)
        state = state_of(await self.venue.state())
        sizes = {p.symbol: p.size_coin * p.side.sign for p in state.positions}
        changed = sizes != self._sizes
        if changed or now - self._orders_at >= self.settings.orders_interval_s:
            await self._read_orders(rows)
            self._orders_at = now
        if changed or now - self._fills_at >= FILLS_EVERY_S:
            await self._publish_fills(rows)
            self._fills_at = now
        self._sizes = sizes
        self._state_at = now
        await self._settle_children(rows)
        await self._sweep(state, rows, unfinished)
        entries = await self.store.latest_entries(self.model)
        await self._protect(state, entries)
        ended = sorted(done, key=lambda intent: intent.created_ms)[-MAX_COVERS:]
        await self._publish_account(state, entries, ended, unfinished)

    async def _read_orders(self, rows: dict[str, OrderRow]) -> None:
        roles = {cloid: row.role for cloid, row in rows.items()}
        self._orders = open_orders_of(await self.venue.open_orders(), roles)

    async def _publish_account(
        self, state: WireState, entries: dict[Symbol, Intent], ended: list[Intent], unfinished: list[Intent]
    ) -> None:
        event = facts.account(
            self.model,
            self.venue.address,
            state,
            self._orders,
            entries,
            tuple(intent.intent_id for intent in ended),
            tuple(intent.intent_id for intent in unfinished),
            self.clock.now_ms(),
        )
        await self.service.publish(event, cache={f"account:{self.model}": encode(event)})
        unprotected = sum(1 for position in event.data.positions if not position.protected)
        metrics.UNPROTECTED.labels(self.model).set(unprotected)

    async def _publish_fills(self, rows: dict[str, OrderRow]) -> None:
        """Publishes the exchange's record from the last one known on; ids make an overlap harmless."""
        until = await self.store.fills_until(self.model)
        start = 0 if until is None else max(0, until - OVERLAP_MS)
        fills = fills_of(await self.venue.fills_since(start))
        now_ms = self.clock.now_ms()
        events = []
        for fill in fills:
            row = rows.get(fill.client_order_id or "")
            if row is None and fill.client_order_id:
                row = await self.store.order(fill.client_order_id)
            events.append(facts.filled(self.model, self.venue.address, fill, row, now_ms))
            metrics.FILLS.labels(self.model, row.role.value if row else "unknown").inc()
        for at in range(0, len(events), 200):
            await self.service.publish(*events[at : at + 200])
        if fills:
            await self.store.set_fills_until(self.model, fills[-1].time_ms)

    async def _settle_children(self, rows: dict[str, OrderRow]) -> None:
        """Triggers that were open and are so no more have ended; the exchange says how."""
        live = {order.client_order_id: order for order in self._orders}
        for cloid, row in rows.items():
            if row.final_status is not None or row.role in (OrderRole.ENTRY, OrderRole.EXIT):
                continue
            if cloid in live:
                if row.order_id is None:
                    await self.store.set_order(cloid, order_id=live[cloid].order_id)
                continue
            intent = await self.store.get(row.intent_id)
            if intent is None or intent.status in ("STORED", "SENT", "IN_FLIGHT"):
                continue
            await self._settle_child(intent, row)

    async def _settle_child(self, intent: Intent, row: OrderRow) -> None:
        state = order_state_of(await self.venue.order_status(row.client_order_id))
        if state is not None and state.status in ("open", "triggered"):
            return
        status = state.status if state is not None else "canceled"
        if status != "filled":
            now_ms = self.clock.now_ms()
            event = facts.cancelled(
                intent, row.role, row.client_order_id, state.order_id if state else None, status, Decimal(0), now_ms
            )
            await self.service.publish(event)
        await self.store.set_order(row.client_order_id, final=status)

    # Protection.

    async def _sweep(self, state: WireState, rows: dict[str, OrderRow], unfinished: list[Intent]) -> None:
        """Cancels our triggers on coins where no position is left and none is on its way."""
        held = {position.symbol for position in state.positions}
        coming = {intent.symbol for intent in unfinished if intent.is_entry and intent.status != "STORED"}
        orphans: dict[Symbol, list[int]] = {}
        for order in self._orders:
            if order.symbol in held | coming or order.client_order_id not in rows or order.trigger_price is None:
                continue
            orphans.setdefault(order.symbol, []).append(order.order_id)
        for symbol, order_ids in orphans.items():
            prepared = self.venue.prepare_cancel(symbol, order_ids, self.settings.intent_life_s)
            await self.sender.post("sweep", "cancel", prepared.nonce, prepared.body)
            self.service.log.info("orphan triggers cancelled", model=self.model, symbol=symbol.value, orders=order_ids)
            self._orders_at = float("-inf")

    async def _protect(self, state: WireState, entries: dict[Symbol, Intent]) -> None:
        """Every position's stop is confirmed on the exchange, placed if it is missing, or the position is closed."""
        held = {position.symbol for position in state.positions}
        for symbol in set(self._naked_since) - held:
            self._naked_since.pop(symbol)
        self._adopted &= held
        for position in state.positions:
            if facts.is_protected(position, self._orders):
                self._naked_since.pop(position.symbol, None)
                continue
            entry = entries.get(position.symbol)
            if entry is None:
                await self._adopt(position)
                continue
            now = self.clock.monotonic()
            since = self._naked_since.setdefault(position.symbol, now)
            self._state_at = self._orders_at = float("-inf")
            if now - since > self.settings.unprotected_limit_s:
                await self._close(position, entry)
            elif now - self._tried_at.get(position.symbol, float("-inf")) > RETRY_TRIGGERS_S and since != now:
                self._tried_at[position.symbol] = now
                await self._place_triggers(position, entry)

    async def _place_triggers(self, position: WirePosition, entry: Intent) -> None:
        """Whole-position triggers at the intent's prices, under client order ids of their own."""
        attempt = self._next_attempt(entry)
        legs = triggers_of(entry, position.size_coin, attempt)
        for role, spec in legs:
            await self.store.add_order(entry, role, spec)
        specs = [spec for _, spec in legs]
        prepared = self.venue.prepare_orders(specs, "positionTpsl", self.settings.intent_life_s)
        answer = await self.sender.post(entry.intent_id, "protect", prepared.nonce, prepared.body)
        self.service.log.warning(
            "stop was missing and is placed", model=self.model, symbol=position.symbol.value, answer=str(answer)[:300]
        )
        now_ms = self.clock.now_ms()
        events = [facts.accepted(entry, role, spec, None, "resting", now_ms) for role, spec in legs]
        await self.service.publish(*events)

    async def _close(self, position: WirePosition, entry: Intent) -> None:
        """A position that stayed naked too long leaves the market, reduce-only."""
        spec: OrderSpec = emergency_close(
            entry.intent_id,
            position.symbol,
            position.side is Side.LONG,
            position.size_coin,
            position.mark_price,
            self._next_attempt(entry),
        )
        await self.store.add_order(entry, OrderRole.FLATTEN, spec)
        prepared = self.venue.prepare_orders([spec], "na", self.settings.intent_life_s)
        metrics.EMERGENCY_CLOSES.labels(self.model).inc()
        await self.service.alert(
            "UNPROTECTED_CLOSED",
            AlertSeverity.CRITICAL,
            f"{position.symbol} had no confirmed stop for {self.settings.unprotected_limit_s:g} s and is being closed",
            model=self.model,
            key=spec.client_order_id,
            symbol=position.symbol.value,
        )
        await self.sender.post(entry.intent_id, "flatten", prepared.nonce, prepared.body)

    async def _adopt(self, position: WirePosition) -> None:
        """A position that nobody of us ordered: said once; risk stops entries while it lasts."""
        if position.symbol in self._adopted:
            return
        self._adopted.add(position.symbol)
        await self.service.alert(
            "EXTERNAL_POSITION",
            AlertSeverity.CRITICAL,
            f"{position.symbol}: a position that no intent of ours explains",
            model=self.model,
            key=position.symbol.value,
            size_coin=str(position.size_coin),
        )

    def _next_attempt(self, entry: Intent) -> int:
        """A number that no earlier replacement of this intent has used, also after a restart."""
        base = self._attempts.get(entry.intent_id, self.clock.now_ms())
        self._attempts[entry.intent_id] = base + 1
        return base + 1
