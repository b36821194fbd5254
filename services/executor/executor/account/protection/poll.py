"""Asks one account's state and open orders of the exchange, when they are due."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Final

from common.events import AccountOrder
from common.trading.durations import NEVER
from executor.account.context import AccountContext
from executor.domain.account import LIVE_STATUSES, AccountPoll, ExternalOrder
from executor.domain.exchange_time import LAG_LIMIT_S
from executor.domain.protection import is_past_stop, relied_stops
from executor.exchange.errors import UNREADABLE, ExchangeError, ExchangeUnavailable
from executor.exchange.rate_limit import DUE_RESERVE, ROUTINE_RESERVE, URGENT_RESERVE

QUIET_ORDERS_FACTOR: Final = 3
STOPS_INTERVAL_S: Final = 4.0
"""Shorter than the state's interval, so that each regular poll confirms them: a stop weighs a tenth of the list."""
REPEAT_ORDERS_S: Final = 3.0
"""Between two lists of open orders while something is not as it should be and nothing new is known: one weighs as much
as ten states."""
MAX_REPORTED: Final = 500
MAX_TRADES: Final = 20_000
REPORT_GAP_S: Final = 1.0
"""After a poll reports are left alone for that long: they mostly repeat it."""


class AccountPoller:
    """`poll` is called by the protector alone; everybody else only reports news.

    The state is asked for each time, and of each position's stop whether it is still open. The list of open orders,
    which weighs ten times as much, is when the state has changed, when news of orders came (`invalidate`), again and
    again while something is not as it should be (`repeat`), or when its interval is over. The rate limit must have room
    for it, where a position without its stop has more than all else (`URGENT_RESERVE`). A state that the exchange dates
    before the last one is a late answer and not taken. An order that ended by the exchange's word is left out, whatever
    a late answer lists.

    One of the two answers is enough: in place of the other one stands what it was before, and `failure` says why.
    """

    def __init__(self, context: AccountContext) -> None:
        self._context, self._exchange, self._clock = context, context.exchange, context.clock
        self.latest: AccountPoll | None = None
        self.failure: Exception | None = None
        self._orders: list[AccountOrder] = []
        self._external: list[ExternalOrder] = []
        self._ended: set[int] = set()
        self._trade_ids: set[int] = set()
        self._reported_trades: set[int] = set()
        self._reported_orders: dict[int, str] = {}
        self._state_at = self._polled_at = NEVER
        self.orders_asked_s = NEVER
        """When the open orders were asked for last, answered or not."""
        self._stops_asked_s = self._stops_confirmed_s = NEVER
        self.are_orders_outdated = True
        """Whether orders have changed, or may have, since they were listed."""
        self._repeats_orders = False
        self.is_urgent = False
        """Whether a position has no stop."""

    def invalidate(self, *, orders: bool = True) -> None:
        """Something may have changed: a poll is due."""
        self._state_at = NEVER
        self.are_orders_outdated |= orders

    def check(self) -> None:
        """Nothing is known to have changed, but it may have: a poll is due, of the open orders too unless they were
        asked for a moment ago."""
        self.invalidate(orders=self._clock.monotonic() - self.orders_asked_s >= REPEAT_ORDERS_S)

    def repeat(self, *, orders: bool) -> None:
        """Nothing new is known, and something is not as it should be: a poll is due, of the open orders now and
        then."""
        self._state_at = NEVER
        self._repeats_orders |= orders

    def report_fills(self, trade_ids: list[int]) -> None:
        """The account's stream reported fills."""
        self._reported_trades.update(trade_ids[:MAX_REPORTED])

    def report_orders(self, statuses: dict[int, str]) -> None:
        """The account's stream reported the newest status of orders, by order id."""
        self._reported_orders |= statuses
        known = self._ended if len(self._ended) < MAX_TRADES else set()
        self._ended = known | {order_id for order_id, word in statuses.items() if word not in LIVE_STATUSES}

    def know_trades(self, trade_ids: set[int]) -> None:
        """Fills that are recorded, so that repeated reports are recognized."""
        known = self._trade_ids if len(self._trade_ids) < MAX_TRADES else set()
        self._trade_ids = known | trade_ids

    def weigh_reports(self) -> bool:
        """Most reports repeat what the poll after an order has shown; only others make a poll due. Whether there are
        fills among them that are not recorded."""
        if self._clock.monotonic() - self._polled_at < REPORT_GAP_S:
            return False
        live = {order.order_id for order in self._orders}
        has_fills = not self._trade_ids.issuperset(self._reported_trades)
        has_orders = any((word in LIVE_STATUSES) != (oid in live) for oid, word in self._reported_orders.items())
        if has_fills or has_orders:
            self.invalidate(orders=has_orders)
        self._reported_trades, self._reported_orders = set(), {}
        return has_fills

    def wait_s(self) -> float:
        """Seconds until a poll is due or reports should be weighed; below zero when they should be by now."""
        wait_s = max(0.0, self._state_at + self._context.settings.state_interval_s - self._clock.monotonic())
        if self._reported_trades or self._reported_orders:
            wait_s = min(wait_s, REPORT_GAP_S - (self._clock.monotonic() - self._polled_at))
        return wait_s

    @property
    def is_flat(self) -> bool:
        """Whether the newest state is known and holds nothing."""
        return self.latest is not None and not self.latest.state.positions

    async def poll(self) -> AccountPoll:
        """One poll. News that come while it waits for answers leave another one due. Raises without any state."""
        now_s, last = self._clock.monotonic(), self.latest
        self._state_at = self._polled_at = now_s
        self.failure = None
        asked = [self._ask_state(now_s, last)]
        if are_orders_asked := self._are_orders_due(last, now_s):
            asked.append(self._ask_orders(now_s))
        elif last is not None and now_s - self._stops_asked_s >= STOPS_INTERVAL_S:
            asked.append(self._ask_stops(last, now_s))
        for failure in await asyncio.gather(*asked, return_exceptions=True):
            self._note(failure)
        self.are_orders_outdated |= not are_orders_asked and self._has_moved(last)
        if not are_orders_asked and self._are_orders_due(self.latest, now_s):
            [failure] = await asyncio.gather(self._ask_orders(now_s), return_exceptions=True)
            self._note(failure)
        if self.latest is None:
            raise self.failure or ExchangeUnavailable("no state of the account has been read yet")
        live = [order for order in self._orders if order.order_id not in self._ended]
        self.latest = replace(self.latest, open_orders=live, external_orders=self._external)
        return self.latest

    def _note(self, failure: BaseException | None) -> None:
        if failure is None:
            return
        if not isinstance(failure, Exception):
            raise failure
        self.failure = failure
        self.repeat(orders=True)

    def _has_moved(self, last: AccountPoll | None) -> bool:
        """Whether the new state shows other sizes, or a mark past a stop, which must have been triggered."""
        if self.latest is None or last is None or self.latest is last:
            return self.latest is not last
        state = self.latest.state
        is_triggered = any(is_past_stop(position, last.open_orders) for position in state.positions)
        return is_triggered or state.signed_sizes != last.state.signed_sizes

    async def _ask_state(self, now_s: float, last: AccountPoll | None) -> None:
        state = await self._exchange.account_state()
        is_late = last is not None and state.time_ms < last.state.time_ms and now_s - last.asked_s < LAG_LIMIT_S
        if not is_late:
            self.latest = AccountPoll(state, [], [], now_s, self._clock.now_ms())

    async def _ask_orders(self, now_s: float) -> None:
        self.orders_asked_s, self.are_orders_outdated, self._repeats_orders = now_s, False, False
        self._orders, self._external = await self._exchange.open_orders(self._context.memory.roles)

    async def _ask_stops(self, last: AccountPoll, now_s: float) -> None:
        """Whether the stops that are relied on are still open; without an answer the list is due sooner."""
        self._stops_asked_s = now_s
        stops = [stop for position in last.state.positions for stop in relied_stops(position, last.open_orders)]
        with contextlib.suppress(ExchangeError, *UNREADABLE):
            for stop in stops:
                status = await self._exchange.order_status(stop.order_id)
                if status is None:  # Unknown is no end: the list says whether it is still open.
                    self.are_orders_outdated = True
                elif not status.is_live:
                    self._ended.add(stop.order_id)
                    self.are_orders_outdated = True
            self._stops_confirmed_s = now_s

    def _are_orders_due(self, last: AccountPoll | None, now_s: float) -> bool:
        """Every few seconds, but less often while each stop is known to be open, or while nothing is held and nothing
        rests."""
        is_held = last is not None and bool(last.state.positions)
        interval_s = self._context.settings.orders_interval_s
        are_stops_confirmed = now_s - self._stops_confirmed_s < interval_s
        if self._repeats_orders:
            interval_s = min(interval_s, REPEAT_ORDERS_S)
        elif are_stops_confirmed if is_held else not self._orders:
            interval_s *= QUIET_ORDERS_FACTOR
        if not self.are_orders_outdated and now_s - self.orders_asked_s < interval_s:
            return False
        is_urgent = self.is_urgent or last is None or (is_held and self.are_orders_outdated)
        can_wait = (not is_held or are_stops_confirmed) and not self.are_orders_outdated
        reserve = URGENT_RESERVE if is_urgent else ROUTINE_RESERVE if can_wait else DUE_RESERVE
        return self._exchange.has_room("frontendOpenOrders", reserve=reserve)
