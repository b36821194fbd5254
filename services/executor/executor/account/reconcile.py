"""Reconciles one account with the exchange: polls state, open orders and fills, and turns what changed into events."""

from decimal import Decimal
from typing import Final

from common.events import AccountOrder
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole
from executor.account import metrics
from executor.account.cash import CashReconciler
from executor.account.context import AccountContext
from executor.account.protect_outage import record_journaled_closes
from executor.domain.account import LIVE_STATUSES, AccountState, AccountView, ExternalOrder, Fill
from executor.domain.cash_ledger import CashTotals
from executor.domain.events import account_updated, order_cancelled, order_filled
from executor.domain.intent import EXPIRY_MARGIN_MS, OrderResult
from executor.domain.order import FillTotal, OrderRow
from executor.domain.protection import is_past_stop
from executor.exchange.ledger_rows import build_fill_entries

FILLS_INTERVAL_S: Final = 60.0
IDLE_ORDERS_FACTOR: Final = 3
OVERLAP_MS: Final = 10_000
RECENT_MS: Final = 3_600_000
MAX_COVERS: Final = 50
MAX_TRADES: Final = 20_000
MAX_REPORTED: Final = 500
REPORT_GAP_S: Final = 1.0
"""After a poll reports are left alone for that long: they mostly repeat it."""
NEVER: Final = float("-inf")
PARENT_ROLES: Final = (OrderRole.ENTRY, OrderRole.EXIT)


class Reconciler:
    """Polls one account, in two steps with the protector between them. Called by the account's worker alone.

    `poll` asks for what protection needs: the state always; fills and open orders when the state has changed, when
    changes were reported (`invalidate`), or when their interval is over and the rate limit allows. It records fills
    and returns a view. `finalize` does what can wait until positions are safe: it finds out how orders ended and why
    the cash moved, then publishes the account. Between the two nothing else may poll.

    Intents are read before the state, so that a state asked for afterwards contains those that had ended (`covers`).
    Every failure propagates to the worker. What is recorded by then stays recorded, ids make a repeat harmless, and the
    next poll asks again: the times of the last polls are set only after they succeeded.
    """

    def __init__(self, context: AccountContext) -> None:
        self._context, self._model = context, context.model
        self._exchange, self._clock = context.exchange, context.clock
        self._cash = CashReconciler(context)
        self.open_orders: list[AccountOrder] = []
        self.sizes: dict[Symbol, Decimal] = {}
        self._external_orders: list[ExternalOrder] = []
        self._trade_ids: set[int] = set()
        self._reported_trades: set[int] = set()
        self._reported_orders: dict[int, str] = {}
        self._state_at = self._orders_at = self._fills_at = self._polled_at = NEVER

    def invalidate(self, *, orders: bool = True, fills: bool = True) -> None:
        """Something may have changed: a poll is due."""
        self._state_at = NEVER
        if orders:
            self._orders_at = NEVER
        if fills:
            self._fills_at = NEVER

    def accept_unexplained(self, at_ms: int) -> None:
        """A person has seen the cash and resumed at that wall time."""
        self._cash.accept(at_ms)

    def report_fills(self, trade_ids: list[int]) -> None:
        """The account's stream reported fills."""
        self._reported_trades.update(trade_ids[:MAX_REPORTED])

    def report_orders(self, statuses: dict[int, str]) -> None:
        """The account's stream reported the newest status of orders, by order id."""
        self._reported_orders |= statuses

    def weigh_reports(self) -> None:
        """Most reports repeat what the poll after an order has shown; only the others make a poll due."""
        if self._clock.monotonic() - self._polled_at < REPORT_GAP_S:
            return
        live = {order.order_id for order in self.open_orders}
        has_fills = not self._trade_ids.issuperset(self._reported_trades)
        has_orders = any((word in LIVE_STATUSES) != (oid in live) for oid, word in self._reported_orders.items())
        if has_fills or has_orders:
            self.invalidate(fills=has_fills, orders=has_orders)
        self._reported_trades, self._reported_orders = set(), {}

    def is_due(self) -> bool:
        """Whether a poll is due now."""
        return self._state_due_in_s() <= 0

    def wait_s(self) -> float:
        """Seconds until a poll is due or reports should be weighed; below zero when they should be by now."""
        wait_s = self._state_due_in_s()
        if self._reported_trades or self._reported_orders:
            wait_s = min(wait_s, REPORT_GAP_S - (self._clock.monotonic() - self._polled_at))
        return wait_s

    def _state_due_in_s(self) -> float:
        return max(0.0, self._state_at + self._context.settings.state_interval_s - self._clock.monotonic())

    async def poll(self) -> AccountView:
        """One poll, as far as protection needs it."""
        now_s, now_ms = self._clock.monotonic(), self._clock.now_ms()
        covers = await self._context.intents.ended_since(self._model, now_ms - RECENT_MS, MAX_COVERS)
        unfinished = await self._context.intents.unfinished(self._model)
        rows = await self._context.orders.known(self._model, now_ms)
        state = await self._exchange.account_state()
        received_ms = self._clock.now_ms()
        sizes = state.signed_sizes
        if sizes != self.sizes or self._is_due(self._fills_at, FILLS_INTERVAL_S, "userFillsByTime", now_s):
            await self._record_fills(rows, state.time_ms)
            self._fills_at = now_s
        if sizes != self.sizes or self._are_orders_due(state, now_s):
            await self._read_orders(rows)
            self._orders_at = now_s
        self.sizes = sizes
        self._state_at = self._polled_at = now_s
        await self._mark_entries_closed(now_ms)
        return AccountView(
            state=state,
            received_ms=received_ms,
            open_orders=self.open_orders,
            external_orders=self._external_orders,
            orders=rows,
            entries=await self._context.intents.held_entries(self._model),
            unfinished=unfinished,
            covers=tuple(covers),
        )

    async def finalize(self, view: AccountView) -> None:
        """How orders ended, and why the cash moved; then the account is published."""
        await self._finalize_children(view.orders)
        state, totals = await self._cash.reconcile(
            view.state, lambda latest: self._record_fills(view.orders, latest.time_ms)
        )
        if state is not view.state:
            view.state, view.received_ms = state, self._clock.now_ms()
            if state.signed_sizes != self.sizes:
                await self._read_orders(view.orders)
                view.open_orders, view.external_orders = self.open_orders, self._external_orders
                view.entries = await self._context.intents.held_entries(self._model)
                self.invalidate()  # The protector has not seen this state yet.
        self._publish(view, totals)

    def _publish(self, view: AccountView, totals: CashTotals) -> None:
        event = account_updated(
            self._model,
            self._exchange.address,
            view,
            totals,
            self._context.standing,
            clock_ahead_ms=self._exchange.time.ahead_ms(),
        )
        self._context.outbox.set_account(event)
        unprotected = sum(1 for position in event.data.positions if not position.protected)
        metrics.UNPROTECTED.labels(self._model).set(unprotected)

    def _are_orders_due(self, state: AccountState, now_s: float) -> bool:
        """Every few seconds while something is held, whatever the rate limit; at once when a stop must have triggered.

        An account that holds nothing and has nothing resting is polled less often; its stream reports changes.
        """
        interval_s = self._context.settings.orders_interval_s
        if state.positions:
            is_triggered = any(is_past_stop(position, self.open_orders) for position in state.positions)
            return is_triggered or now_s - self._orders_at >= interval_s
        factor = 1 if self.open_orders else IDLE_ORDERS_FACTOR
        return self._is_due(self._orders_at, interval_s * factor, "frontendOpenOrders", now_s)

    def _is_due(self, last_s: float, interval_s: float, kind: str, now_s: float) -> bool:
        """A reported change is always polled; a routine poll waits for the rate limit."""
        return last_s == NEVER or (now_s - last_s >= interval_s and self._exchange.allows_routine(kind))

    async def _read_orders(self, rows: dict[str, OrderRow]) -> None:
        roles = {client_order_id: row.role for client_order_id, row in rows.items()}
        self.open_orders, self._external_orders = await self._exchange.open_orders(roles)
        for order in self.open_orders:
            row = rows.get(order.client_order_id or "")
            if row is not None and row.final_status is not None and row.role not in PARENT_ROLES:
                await self._context.orders.reopen(row.client_order_id, order.order_id)  # An answer was wrong.

    async def _mark_entries_closed(self, now_ms: int) -> None:
        flat = [symbol for symbol in self._context.settings.coins if symbol not in self.sizes]
        await self._context.intents.mark_entries_closed(self._model, flat, now_ms - EXPIRY_MARGIN_MS, now_ms)

    # Fills.

    async def _record_fills(self, rows: dict[str, OrderRow], state_ms: int) -> None:
        """Records the exchange's fills from the last known one on; ids make an overlap harmless.

        An account that is polled for the first time starts now: its earlier fills are not the arena's.
        """
        until_ms = await self._context.fills.recorded_until(self._model)
        if until_ms is None:
            await self._context.fills.record(self._model, state_ms)
            return
        fills = await self._exchange.fills_since(max(0, until_ms - OVERLAP_MS))
        self._remember_trades(fills)
        await record_journaled_closes(self._context)  # Some of these fills may be theirs.
        if not fills:
            return
        now_ms = self._clock.now_ms()
        row_of = await self._find_orders(fills, rows)
        events = [
            order_filled(self._model, self._exchange.address, fill, row_of.get(fill.order_id), now_ms) for fill in fills
        ]
        totals = [
            _total(row.intent_id, order_id, fills)
            for order_id, row in row_of.items()
            if row is not None and row.role in PARENT_ROLES
        ]
        entries = build_fill_entries(self._exchange.address, fills)
        newest_ms = fills[-1].time_ms
        await self._context.fills.record(self._model, newest_ms, events=events, totals=totals, entries=entries)
        self._context.outbox.wake()
        for event in events:
            if event.time_ms > until_ms:
                metrics.FILLS.labels(self._model, event.data.role.value).inc()

    def _remember_trades(self, fills: list[Fill]) -> None:
        """So that repeated reports are recognized; starts again when the set grows too large."""
        known = self._trade_ids if len(self._trade_ids) < MAX_TRADES else set()
        self._trade_ids = known | {fill.trade_id for fill in fills}

    async def _find_orders(self, fills: list[Fill], rows: dict[str, OrderRow]) -> dict[int, OrderRow | None]:
        """The order of the tables behind each fill, by order id on the exchange; None for an external one."""
        by_order_id = {row.order_id: row for row in rows.values() if row.order_id is not None}
        found: dict[int, OrderRow | None] = {}
        are_sends_complete = False
        for fill in fills:
            row = rows.get(fill.client_order_id or "") or by_order_id.get(fill.order_id)
            if row is None and fill.client_order_id:
                if not are_sends_complete:
                    # An instance that has lost the lease may have sent it just now.
                    await self._context.intents.complete_first_sends(self._model, self._clock.now_ms())
                    are_sends_complete = True
                row = await self._context.orders.get(fill.client_order_id)
            found[fill.order_id] = row
        return found

    # Orders that ended.

    async def _finalize_children(self, rows: dict[str, OrderRow]) -> None:
        """Triggers and closes that are open no more have ended; the exchange is asked how."""
        live = {order.client_order_id: order for order in self.open_orders}
        for client_order_id, row in rows.items():
            if row.final_status is not None or row.role in PARENT_ROLES:
                continue
            if client_order_id not in live:
                await self._finalize_child(row)
            elif row.order_id is None:
                result = OrderResult(order_id=live[client_order_id].order_id)
                await self._context.orders.update(client_order_id, result)

    async def _finalize_child(self, row: OrderRow) -> None:
        """An order that the exchange doesn't know has ended only when it can't arrive any more."""
        intent = await self._context.intents.get(row.intent_id)
        if intent is None or not intent.status.is_final:
            return
        is_void = await self._exchange.is_past(row.void_after_ms)
        status = await self._exchange.order_status(row.client_order_id)
        if status is None and not is_void:
            return
        if status is not None and status.is_live:
            return
        final = "canceled" if status is None else status.status
        order_id = None if status is None else status.order_id
        events = []
        if final != "filled":
            event = order_cancelled(
                intent,
                row.role,
                row.client_order_id,
                order_id=order_id,
                reason=final,
                filled_size_coin=Decimal(0) if status is None else status.filled_size_coin,
                now_ms=self._clock.now_ms(),
            )
            events.append(event)
        await self._context.orders.update(row.client_order_id, OrderResult(order_id, final), events)
        self._context.outbox.wake()


def _total(intent_id: str, order_id: int, fills: list[Fill]) -> FillTotal:
    """The sum of the fills at hand of one order: never more than all of its fills, perhaps less."""
    own = [fill for fill in fills if fill.order_id == order_id]
    size = sum((fill.size_coin for fill in own), Decimal(0))
    return FillTotal(intent_id, size, sum((fill.price * fill.size_coin for fill in own), Decimal(0)) / size)
