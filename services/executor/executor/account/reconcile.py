"""Keeps the books of one account: brings fills, ended orders and cash into the tables and publishes the account."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Final

from common.events import AlertSeverity
from common.events.alerts import AlertCode
from common.trading.durations import NEVER
from common.trading.instruments import Symbol
from common.trading.orders import PARENT_ROLES
from executor.account import metrics
from executor.account.books import BookParts, Tables
from executor.account.cash import CashReconciler
from executor.account.context import AccountContext
from executor.account.protection.flatten import is_out
from executor.account.protection.poll import AccountPoller
from executor.account.protection.record import record_protection
from executor.domain.account import AccountPoll, AccountView, Fill
from executor.domain.cash_ledger import CashTotals
from executor.domain.events import account_updated, order_cancelled, order_filled, system_alert
from executor.domain.intent import Intent, OrderResult
from executor.domain.order import FillTotal, OrderRow
from executor.domain.protection import lead_to, size_after
from executor.exchange.client import Row
from executor.exchange.errors import RateLimited
from executor.exchange.ledger_rows import build_fill_entries
from executor.exchange.parse import parse_fills
from executor.exchange.rate_limit import ROUTINE_RESERVE

FILLS_INTERVAL_S: Final = 60.0
OVERLAP_MS: Final = 10_000
RECENT_MS: Final = 3_600_000
MAX_COVERS: Final = 50
MAX_FILLED: Final = 1_000
SETTLED_MS: Final = 15_000
"""How long after an intent's end a state surely contains it: what an answer may lag behind, and its own way."""


class Reconciler:
    """Called by the account's worker alone, with each new poll of the protector. Protection does not wait for it.

    `read_tables` brings what the tables hold into memory. `keep_books` goes through parts with a failure of their own:
    fills, orders that ended, and why the cash moved; then it publishes the account, with the names of the parts that
    are behind. An exchange that does not answer one of them keeps no other from being done. A failure of the tables
    propagates to the worker: what is recorded by then stays recorded, ids make a repeat harmless.

    Late answers are found by time: an intent is covered, and an entry closed, only by a state that the exchange dates
    at or after the fills that are known of it (`_is_contained`, `_is_flat`).
    """

    def __init__(self, context: AccountContext, poller: AccountPoller) -> None:
        self._context, self._model, self._poller = context, context.model, poller
        self._exchange, self._clock, self._cash = context.exchange, context.clock, CashReconciler(context)
        self._filled: dict[str, tuple[Decimal, int]] = {}
        self._sizes: dict[Symbol, tuple[Decimal | None, int]] = {}
        self._recorded_sizes: dict[Symbol, Decimal] = {}
        self._fills_at, self._parts = NEVER, BookParts(context)

    def invalidate(self) -> None:
        """Fills may have come."""
        self._fills_at = NEVER

    def accept_unexplained(self, at_ms: int) -> None:
        """A person has seen the cash and resumed at that wall time."""
        self._cash.accept(at_ms)

    async def read_tables(self) -> Tables:
        """What the tables hold, which memory learns."""
        now_ms = self._clock.now_ms()
        tables = Tables(
            ended=await self._context.intents.ended_since(self._model, now_ms - RECENT_MS, MAX_COVERS),
            unfinished=await self._context.intents.unfinished(self._model),
            orders=await self._context.orders.known(self._model, now_ms),
            entries=await self._context.intents.held_entries(self._model),
            flatten_since_ms=await self._context.flattens.requested_since(self._model),
        )
        self._context.memory.learn(tables.entries.values(), tables.unfinished, tables.orders, tables.flatten_since_ms)
        return tables

    async def keep_books(self, poll: AccountPoll) -> tuple[str, ...]:
        """One pass with the newest poll; returns the names of the parts that failed, or have waited for too long."""
        parts = self._parts
        parts.begin()
        await record_protection(self._context)
        tables = await self.read_tables()
        if self._are_fills_due(poll):
            if not await parts.do("fills", self._read_fills(tables, poll)):
                self.invalidate()
            tables = await self.read_tables()
        if not parts.stale:
            await self._mark_entries_closed(poll)
        await self._reopen(poll, tables)
        view = AccountView(
            state=poll.state,
            received_ms=poll.received_ms,
            open_orders=poll.open_orders,
            external_orders=poll.external_orders,
            orders=tables.orders,
            entries=await self._context.intents.held_entries(self._model),
            unfinished=tables.unfinished,
            covers=tuple(intent.intent_id for intent in tables.ended if self._is_contained(intent, poll)),
        )
        await parts.do("orders", self._finalize_children(view))
        totals: list[CashTotals] = []
        if "fills" not in parts.stale:
            await parts.do("cash", self._explain_cash(view, totals))
        if totals or await parts.do("balance", self._read_balance(view)):
            self._publish(view, totals[0] if totals else None, tuple(parts.stale))
        if tables.flatten_since_ms is not None and is_out(view) and self._context.memory.is_flat(poll):
            await self._finish_flatten(tables.flatten_since_ms)
        return tuple(parts.failed)

    async def _read_balance(self, view: AccountView) -> None:
        """The balance where the account's mode keeps it, of which nothing is published without it. Cash that moved
        meanwhile is no profit or loss before it is explained."""
        if not self._exchange.mode:
            await self._exchange.read_mode()
        view.state = await self._exchange.with_balance(view.state)
        await self._cash.judge(view.state)

    async def _explain_cash(self, view: AccountView, totals: list[CashTotals]) -> None:
        """Why the cash moved, by a later state where the exchange had to be asked."""
        state, found = await self._cash.reconcile(
            view.state, lambda latest, since_ms: self._record_fills(view.orders, latest.time_ms, since_ms)
        )
        totals.append(found)
        if state is not view.state:
            if state.signed_sizes != view.state.signed_sizes:
                self._context.memory.on_news()
                view.entries = await self._context.intents.held_entries(self._model)
            view.state, view.received_ms = state, self._clock.now_ms()

    def _publish(self, view: AccountView, totals: CashTotals | None, stale: tuple[str, ...]) -> None:
        event = account_updated(
            self._model,
            self._exchange.address,
            view,
            totals,
            self._context.standing,
            stale=stale,
            clock_ahead_ms=self._exchange.time.ahead_ms(),
        )
        self._context.outbox.set_account(event)

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
        self._context.memory.flatten_since_ms = None
        self._context.outbox.wake()

    # What a state contains.

    def _is_contained(self, intent: Intent, poll: AccountPoll) -> bool:
        """Whether the state contains all of an ended intent's fills."""
        if intent.filled_size_coin == 0:
            return True
        size, time_ms = self._filled.get(intent.intent_id, (Decimal(0), 0))
        if size >= intent.filled_size_coin and poll.state.time_ms >= time_ms:
            return True
        return poll.received_ms - intent.updated_ms >= SETTLED_MS

    def _is_flat(self, symbol: Symbol, poll: AccountPoll) -> bool:
        """Whether the coin has no position by a state that is not older than its newest fill, and by that fill."""
        size, time_ms = self._sizes.get(symbol, (None, 0))
        is_later = poll.state.time_ms >= time_ms
        return symbol not in poll.state.signed_sizes and is_later and not size

    async def _mark_entries_closed(self, poll: AccountPoll) -> None:
        flat = [symbol for symbol in self._context.settings.coins if self._is_flat(symbol, poll)]
        before_ms = poll.received_ms - SETTLED_MS
        await self._context.intents.mark_entries_closed(self._model, flat, before_ms, self._clock.now_ms())

    async def _reopen(self, poll: AccountPoll, tables: Tables) -> None:
        """A position of the arena's that comes back is its entry's again, and an order that is open has not
        ended: an answer was wrong, or late."""
        for position in poll.state.positions:
            entry = self._context.memory.entry_behind(position)
            if position.symbol not in tables.entries and entry is not None:
                await self._context.intents.reopen_entry(entry.intent_id)
        for order in poll.open_orders:
            row = tables.orders.get(order.client_order_id or "")
            if row is not None and row.final_status is not None and row.role not in PARENT_ROLES:
                await self._context.orders.reopen(row.client_order_id, order.order_id)

    # Fills.

    def _are_fills_due(self, poll: AccountPoll) -> bool:
        """When the positions have changed or news came, else each minute if the rate limit has room."""
        if self._fills_at == NEVER or poll.state.signed_sizes != self._recorded_sizes:
            return True
        is_over = self._clock.monotonic() - self._fills_at >= FILLS_INTERVAL_S
        return is_over and self._exchange.has_room("userFillsByTime", reserve=ROUTINE_RESERVE)

    async def _read_fills(self, tables: Tables, poll: AccountPoll) -> None:
        """By a timer every page is read, after news those that explain the positions."""
        sizes = poll.state.signed_sizes
        is_news = self._fills_at == NEVER or sizes != self._recorded_sizes
        self._fills_at = self._clock.monotonic()
        await self._record_fills(tables.orders, poll.state.time_ms, sizes=sizes if is_news else None)
        self._recorded_sizes = sizes

    async def _record_fills(
        self,
        orders: dict[str, OrderRow],
        state_ms: int,
        since_ms: int | None = None,
        *,
        sizes: Mapping[Symbol, Decimal] | None = None,
    ) -> list[Row]:
        """Records the exchange's fills from the last known one on, or from `since_ms` if that is earlier; ids make an
        overlap harmless. Returns their rows.

        An account that is polled for the first time starts now: its earlier fills are not the arena's. Given the
        positions' signed `sizes`, a page that ends with them is the last one.
        """
        until_ms = await self._context.fills.recorded_until(self._model)
        if until_ms is None:
            await self._context.fills.record(self._model, state_ms)
            return []
        if not self._exchange.has_room("userFillsByTime"):
            raise RateLimited("fills are not read for now: REQUEST_WEIGHT_PER_MINUTE is used up")
        start_ms = min(max(0, until_ms - OVERLAP_MS), since_ms or until_ms)
        are_all = None if sizes is None else partial(lead_to, self._recorded_sizes, sizes)
        rows = await self._exchange.fill_rows_since(start_ms, are_all)
        fills = [each for each in parse_fills(rows, self._exchange.coins) if each.time_ms >= until_ms - OVERLAP_MS]
        if fills:  # Older ones, read for the cash record, were entered and published long ago.
            await self._enter_fills(fills, orders, until_ms)
        return rows

    async def _enter_fills(self, fills: list[Fill], orders: dict[str, OrderRow], until_ms: int) -> None:
        """Enters fills; those up to `until_ms` may be known."""
        self._poller.know_trades({fill.trade_id for fill in fills})
        self._context.memory.report_fills(fills)
        now_ms = self._clock.now_ms()
        row_of = await self._find_orders(fills, orders)
        self._remember(fills, row_of)
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

    def _remember(self, fills: list[Fill], row_of: dict[int, OrderRow | None]) -> None:
        """What each intent was filled with at the least, until when, and each coin's size after its newest fill."""
        known = self._filled if len(self._filled) < MAX_FILLED else {}
        sums: dict[str, tuple[Decimal, int]] = {}
        for fill in fills:
            row = row_of.get(fill.order_id)
            if row is not None and row.role in PARENT_ROLES:
                size, time_ms = sums.get(row.intent_id, (Decimal(0), 0))
                sums[row.intent_id] = size + fill.size_coin, max(time_ms, fill.time_ms)
        self._filled = known | {key: max(found, known.get(key, found)) for key, found in sums.items()}
        for symbol in {fill.symbol for fill in fills}:
            own = [fill for fill in fills if fill.symbol is symbol]
            self._sizes[symbol] = size_after(own), max(fill.time_ms for fill in own)

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
                row = await self._context.orders.behind(fill)
            found[fill.order_id] = row
        return found

    # Orders that ended.

    async def _finalize_children(self, view: AccountView) -> None:
        """Triggers and closes that an up-to-date list lacks have ended; the exchange is asked how."""
        if self._poller.are_orders_outdated:
            return
        live = {order.client_order_id: order for order in view.open_orders}
        for client_order_id, row in view.orders.items():
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
        if not self._exchange.has_room("orderStatus", "userFillsByTime"):  # Fills come first.
            raise RateLimited("ended orders are not asked for: REQUEST_WEIGHT_PER_MINUTE is used up")
        is_void = await self._exchange.is_past(row.void_after_ms)
        status = await self._exchange.order_status(row.client_order_id)
        if not is_void if status is None else status.is_live:
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
