"""Asks one account's state and open orders of the exchange, when they are due."""

from typing import Final

from common.events import AccountOrder
from executor.account.context import AccountContext
from executor.account.protection.memory import LAG_LIMIT_S
from executor.domain.account import LIVE_STATUSES, AccountPoll, AccountState, ExternalOrder
from executor.domain.protection import is_past_stop

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
    late answer and not taken. A failure leaves everything due.
    """

    def __init__(self, context: AccountContext) -> None:
        self._context, self._exchange, self._clock = context, context.exchange, context.clock
        self.latest: AccountPoll | None = None
        self._orders: list[AccountOrder] = []
        self._external: list[ExternalOrder] = []
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
        """One poll. News that come while it waits for an answer leave another one due."""
        now_s = self._clock.monotonic()
        self._state_at = self._polled_at = now_s
        try:
            self.latest = await self._ask(now_s, self.latest)
        except BaseException:
            self.invalidate()
            raise
        return self.latest

    async def _ask(self, now_s: float, last: AccountPoll | None) -> AccountPoll:
        state, received_ms, asked_s = await self._exchange.account_state(), self._clock.now_ms(), now_s
        if last is not None and state.time_ms < last.state.time_ms and now_s - last.asked_s < LAG_LIMIT_S:
            state, received_ms, asked_s = last.state, last.received_ms, last.asked_s
        has_changed = last is None or state.signed_sizes != last.state.signed_sizes
        if has_changed or self._are_orders_due(state, now_s):
            self._orders_at = now_s
            self._orders, self._external = await self._exchange.open_orders(self._context.memory.roles)
        return AccountPoll(state, self._orders, self._external, asked_s, received_ms)

    def _are_orders_due(self, state: AccountState, now_s: float) -> bool:
        """Every few seconds while something is held, whatever the rate limit; at once when a stop must have triggered.

        An account that holds nothing and has nothing resting is polled less often; its stream reports news.
        """
        interval_s = self._context.settings.orders_interval_s
        if state.positions:
            is_triggered = any(is_past_stop(position, self._orders) for position in state.positions)
            return is_triggered or now_s - self._orders_at >= interval_s
        factor = 1 if self._orders else IDLE_ORDERS_FACTOR
        is_over = now_s - self._orders_at >= interval_s * factor
        return self._orders_at == NEVER or (is_over and self._exchange.allows_routine("frontendOpenOrders"))
