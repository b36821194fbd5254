"""Asks one account's state and open orders of the exchange, when they are due."""

import asyncio
from dataclasses import replace
from typing import Final

from common.events import AccountOrder
from executor.account.context import AccountContext
from executor.account.protection.memory import LAG_LIMIT_S
from executor.domain.account import LIVE_STATUSES, AccountPoll, ExternalOrder
from executor.domain.protection import is_past_stop
from executor.exchange.errors import ExchangeUnavailable

IDLE_ORDERS_FACTOR: Final = 3
MAX_REPORTED: Final = 500
MAX_TRADES: Final = 20_000
REPORT_GAP_S: Final = 1.0
"""After a poll reports are left alone for that long: they mostly repeat it."""
NEVER: Final = float("-inf")


class AccountPoller:
    """`poll` is called by the protector alone; everybody else only reports news.

    The state is asked for each time. Open orders are when the state has changed, when news of them came (`invalidate`),
    or when their interval is over and the rate limit has room. A state that the exchange dates before the last one is a
    late answer and not taken. An order that the stream reported as ended is left out, whatever a late answer lists.

    One of the two answers is enough: in place of the other one stands what it was before, and `failure` says why. It
    stays due.
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
        self._state_at = self._orders_at = self._polled_at = NEVER

    def invalidate(self, *, orders: bool = True) -> None:
        """Something may have changed: a poll is due."""
        self._state_at = NEVER
        if orders:
            self._orders_at = NEVER

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

    async def poll(self) -> AccountPoll:
        """One poll. News that come while it waits for answers leave another one due. Raises without any state."""
        now_s, last = self._clock.monotonic(), self.latest
        self._state_at = self._polled_at = now_s
        self.failure = None
        asked = [self._ask_state(now_s, last)]
        if self._are_orders_due(last, now_s):
            asked.append(self._ask_orders(now_s))
        for failure in await asyncio.gather(*asked, return_exceptions=True):
            self._note(failure)
        if len(asked) == 1 and self._has_moved(last):
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
        self.invalidate()

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
        self._orders_at = now_s
        self._orders, self._external = await self._exchange.open_orders(self._context.memory.roles)

    def _are_orders_due(self, last: AccountPoll | None, now_s: float) -> bool:
        """Every few seconds while something is held, whatever the rate limit.

        An account that holds nothing and has nothing resting is polled less often; its stream reports news.
        """
        interval_s = self._context.settings.orders_interval_s
        if last is not None and last.state.positions:
            return now_s - self._orders_at >= interval_s
        factor = 1 if self._orders else IDLE_ORDERS_FACTOR
        is_over = now_s - self._orders_at >= interval_s * factor
        return self._orders_at == NEVER or (is_over and self._exchange.allows_routine("frontendOpenOrders"))
