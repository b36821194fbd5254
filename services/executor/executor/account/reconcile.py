"""Looks at one account: state, open orders, fills; what changed since the last look becomes events."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from common.events import AccountOrder, OrderRole
from common.trading.instruments import Symbol
from common.trading.symbols import SYMBOLS
from executor.account import metrics
from executor.account.cash import Accountant
from executor.account.context import Desk
from executor.account.protect_outage import take_over_closes
from executor.domain import events as facts
from executor.domain.account import LIVE, ForeignOrder, View, WireFill, WireState
from executor.domain.cash_ledger import Books
from executor.domain.intent import SETTLE_MS
from executor.domain.order import Booking, OrderRow
from executor.domain.protection import is_past_stop
from executor.exchange.ledger_rows import fill_entries
from executor.exchange.parse import fills_of, foreign_orders_of, open_orders_of, order_state_of, state_of

FILLS_EVERY_S = 60.0
IDLE_ORDERS_FACTOR = 3
OVERLAP_MS = 10_000
RECENT_MS = 3_600_000
MAX_COVERS = 50
MAX_TRADES = 20_000
NEVER = float("-inf")
PARENTS = (OrderRole.ENTRY, OrderRole.EXIT)


class Watcher:
    """Remembers when it looked last and what it saw, so that the expensive questions are asked only when due."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.model, self.venue, self.clock = desk, desk.model, desk.venue, desk.clock
        self.accountant = Accountant(desk)
        self.open_orders: list[AccountOrder] = []
        self.foreign_orders: list[ForeignOrder] = []
        self.sizes: dict[Symbol, Decimal] = {}
        self._trades: set[int] = set()
        self._state_at = self._orders_at = self._fills_at = self._looked_at = NEVER

    def forget(self, *, orders: bool = True, fills: bool = True) -> None:
        """Something may have changed: a look is due."""
        self._state_at = NEVER
        if orders:
            self._orders_at = NEVER
        if fills:
            self._fills_at = NEVER

    def news_in(self, trade_ids: Iterable[int], statuses: Mapping[int, str]) -> tuple[bool, bool]:
        """Whether fills, and whether orders, were heard of that the last look has not shown."""
        live = {order.order_id for order in self.open_orders}
        has_orders = any((status in LIVE) != (order_id in live) for order_id, status in statuses.items())
        return not self._trades.issuperset(trade_ids), has_orders

    def due_in_s(self) -> float:
        return max(0.0, self._state_at + self.desk.settings.state_interval_s - self.clock.monotonic())

    def looked_s_ago(self) -> float:
        return self.clock.monotonic() - self._looked_at

    async def look(self) -> View:
        """Intents are read before the state: a state that was asked for afterwards contains the ended ones."""
        now_s, now_ms = self.clock.monotonic(), self.clock.now_ms()
        covers = await self.desk.intents.ended_since(self.model, now_ms - RECENT_MS, MAX_COVERS)
        unfinished = await self.desk.intents.unfinished(self.model)
        rows = await self.desk.orders.known(self.model, now_ms)
        state = state_of(await self.venue.state())
        came_ms = self.clock.now_ms()
        if _sizes(state) != self.sizes or self._is_due(self._fills_at, FILLS_EVERY_S, "userFillsByTime", now_s):
            await self._take_fills(rows, state.time_ms)
            self._fills_at = now_s
        sizes = _sizes(state)
        if sizes != self.sizes or self._are_orders_due(state, now_s):
            await self._read_orders(rows)
            self._orders_at = now_s
        self.sizes = sizes
        self._state_at = self._looked_at = now_s
        await self._close_entries(sizes, now_ms)
        entries = await self.desk.intents.held_entries(self.model)
        return View(
            *(state, came_ms, self.open_orders, self.foreign_orders, rows, entries, unfinished),
            *(tuple(covers), set(sizes)),
        )

    async def settle(self, view: View) -> None:
        """What can wait until positions are safe: how orders ended, and why the cash moved; then all of it is told."""
        await self._settle_children(view.rows)
        state, books = await self.accountant.explain(view.state, lambda seen: self._take_fills(view.rows, seen.time_ms))
        if state is not view.state:
            view.state, view.came_ms = state, self.clock.now_ms()
            if _sizes(state) != self.sizes:
                await self._read_orders(view.rows)
                view.open_orders, view.foreign_orders = self.open_orders, self.foreign_orders
                view.entries = await self.desk.intents.held_entries(self.model)
                self.forget()  # Nobody has looked yet whether it is protected.
        self._tell(view, books)

    def _tell(self, view: View, books: Books) -> None:
        """Has the account's state published."""
        sent = tuple(intent.intent_id for intent in view.unfinished)
        event = facts.account(
            *(self.model, self.venue.address, view.state, view.open_orders, view.entries, view.covers, sent),
            *(books, view.came_ms),
        )
        self.desk.outbox.set_account(event)
        unprotected = sum(1 for position in event.data.positions if not position.protected)
        metrics.UNPROTECTED.labels(self.model).set(unprotected)

    def _are_orders_due(self, state: WireState, now_s: float) -> bool:
        """Every few seconds while something is held, whatever the budget; at once when a stop should have gone off.

        An account that holds nothing and has nothing resting is looked at less often; its feed reports news.
        """
        interval_s = self.desk.settings.orders_interval_s
        if state.positions:
            is_odd = any(is_past_stop(position, self.open_orders) for position in state.positions)
            return is_odd or now_s - self._orders_at >= interval_s
        factor = 1 if self.open_orders else IDLE_ORDERS_FACTOR
        return self._is_due(self._orders_at, interval_s * factor, "frontendOpenOrders", now_s)

    def _is_due(self, last_s: float, interval_s: float, kind: str, now_s: float) -> bool:
        """News are always worth the question; a routine look waits for the budget."""
        return last_s == NEVER or (now_s - last_s >= interval_s and self.venue.may_look(kind))

    async def _read_orders(self, rows: dict[str, OrderRow]) -> None:
        roles = {client_order_id: row.role for client_order_id, row in rows.items()}
        answer = await self.venue.open_orders()
        self.open_orders, self.foreign_orders = open_orders_of(answer, roles), foreign_orders_of(answer)
        for order in self.open_orders:
            row = rows.get(order.client_order_id or "")
            if row is not None and row.final_status is not None and row.role not in PARENTS:
                await self.desk.orders.revive(row.client_order_id, order.order_id)  # An answer had lied.

    # Fills.

    async def _take_fills(self, rows: dict[str, OrderRow], state_ms: int) -> None:
        """Takes over the exchange's record from the last known fill on; ids make an overlap harmless.

        An account seen for the first time starts now: what it did before is no affair of the arena.
        """
        until_ms = await self.desk.orders.fills_until(self.model)
        if until_ms is None:
            await self.desk.orders.add_fills(self.model, [], [], state_ms)
            return
        fills = fills_of(await self.venue.fills_since(max(0, until_ms - OVERLAP_MS)))
        self._trades = (self._trades if len(self._trades) < MAX_TRADES else set()) | {f.trade_id for f in fills}
        await take_over_closes(self.desk)  # What these fills may belong to was noted before they came about.
        if not fills:
            return
        by_order = {row.order_id: row for row in rows.values() if row.order_id is not None}
        now_ms = self.clock.now_ms()
        events, behind, is_complete = [], {}, False
        for fill in fills:
            row = rows.get(fill.client_order_id or "") or by_order.get(fill.order_id)
            if row is None and fill.client_order_id:
                if not is_complete:
                    # An instance that has lost the lease may have sent it just now.
                    await self.desk.intents.complete_first_sends(
                        self.model, self.clock.now_ms()
                    )  # An instance that has lost the lease may have sent it just now.
                    is_complete = True
                row = await self.desk.orders.get(fill.client_order_id)
            if row is not None and row.role in PARENTS:
                behind[fill.order_id] = row.intent_id
            events.append(facts.filled(self.model, self.venue.address, fill, row, now_ms))
        bookings = [_booking(intent_id, order_id, fills) for order_id, intent_id in behind.items()]
        newest_ms = fills[-1].time_ms
        entries = fill_entries(self.venue.address, fills)
        await self.desk.orders.add_fills(self.model, events, bookings, newest_ms, entries)
        self.desk.outbox.wake()
        for event in events:
            if event.time_ms > until_ms:
                metrics.FILLS.labels(self.model, event.data.role.value).inc()

    # Orders that ended.

    async def _settle_children(self, rows: dict[str, OrderRow]) -> None:
        """Triggers and closes that are open no more have ended; the exchange says how."""
        live = {order.client_order_id: order for order in self.open_orders}
        for client_order_id, row in rows.items():
            if row.final_status is not None or row.role in PARENTS:
                continue
            if client_order_id not in live:
                await self._settle_child(row)
            elif row.order_id is None:
                await self.desk.orders.settle(client_order_id, order_id=live[client_order_id].order_id)

    async def _settle_child(self, row: OrderRow) -> None:
        """An order that the exchange doesn't know has ended only when it can't arrive any more."""
        intent = await self.desk.intents.get(row.intent_id)
        if intent is None or intent.status in ("STORED", "SENT", "IN_FLIGHT"):
            return
        asked_ms = self.clock.now_ms()
        state = order_state_of(await self.venue.order_status(row.client_order_id))
        if state is None and asked_ms <= row.void_after_ms:
            return
        if state is not None and state.is_live:
            return
        status = "canceled" if state is None else state.status
        order_id = None if state is None else state.order_id
        filled = Decimal(0) if state is None else state.filled_size_coin
        events = []
        if status != "filled":
            events = [
                facts.cancelled(intent, row.role, row.client_order_id, order_id, status, filled, self.clock.now_ms())
            ]
        await self.desk.orders.settle(row.client_order_id, order_id=order_id, final=status, events=events)
        self.desk.outbox.wake()

    async def _close_entries(self, sizes: dict[Symbol, Decimal], now_ms: int) -> None:
        flat = [symbol for symbol in SYMBOLS if symbol not in sizes]
        await self.desk.intents.close_entries(self.model, flat, now_ms - SETTLE_MS, now_ms)


def _sizes(state: WireState) -> dict[Symbol, Decimal]:
    """Signed sizes of what is held."""
    return {position.symbol: position.size_coin * position.side.sign for position in state.positions}


def _booking(intent_id: str, order_id: int, fills: list[WireFill]) -> Booking:
    """What the fills at hand say of one order: never more than its whole, perhaps less."""
    own = [fill for fill in fills if fill.order_id == order_id]
    size = sum((fill.size_coin for fill in own), Decimal(0))
    return Booking(intent_id, size, sum((fill.price * fill.size_coin for fill in own), Decimal(0)) / size)
