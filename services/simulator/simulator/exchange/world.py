"""The simulated outside world: market, exchange, keys and histories, and what of them the store has to persist."""

from collections.abc import Callable
from decimal import Decimal

from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state.account import figures
from simulator.exchange.state.exchange import Changes, Exchange
from simulator.exchange.state.histories import Histories
from simulator.exchange.state.keys import AGENT_LIFE_MS, Agent, Keys
from simulator.exchange.state.orders import Order
from simulator.exchange.step import step
from simulator.exchange.trading.settlement import pay_funding
from simulator.market.candles import MINUTE_MS
from simulator.market.coin_market import Trade
from simulator.market.market import Market, hour_of

KEPT_ROWS = 2_000
KEPT_EVENTS = 20_000
CARRY_LIMIT_MS = 1_000
SAMPLE_EVERY_MS = 15 * 60_000


class World:
    """Market, exchange, keys and histories. Times come in as arguments; `clock` maps a wall time to market time.

    All methods are synchronous and run on one thread: a step or an action is never interleaved with another.
    `take_changes` hands what has changed to the store and the streams; until then `is_changed` stays true.
    """

    def __init__(self, seed: int, now_ms: int, market: Market | None = None) -> None:
        self.market = market or Market(seed, now_ms)
        now_ms = self.market.time_ms
        self.exchange = Exchange(self.market)
        self.keys = Keys()
        self.enforces_limits = True
        self.clock: Callable[[int], int] = lambda wall_ms: wall_ms
        self.histories = Histories()
        self.kept_events = KEPT_EVENTS
        self.funded_hour = hour_of(now_ms)

    def open_account(self, account: str, wallet: str, balance: Decimal, now_ms: int) -> None:
        """Funds an account and registers an API wallet of it; an existing account or wallet is left unchanged."""
        if account not in self.exchange.accounts:
            self.exchange.deposit(account, balance, self.time_ms)
        if wallet not in self.keys.agents:
            others = len(self.keys.named_of(account))
            name = f"aicoin-{others + 1}" if others else "aicoin"
            self.keys.approve(Agent(wallet, account, name, now_ms + 20 * AGENT_LIFE_MS))

    def step(self, now_ms: int) -> dict[str, list[Trade]]:
        """Moves market and exchange to `now_ms`, at most a minute at a time; returns the trades by coin."""
        trades: dict[str, list[Trade]] = {name: [] for name in self.market.coins}
        while True:
            self._step(min(now_ms, self.market.time_ms + MINUTE_MS), trades)
            if self.market.time_ms >= min(now_ms, self.market.end_ms):
                return trades

    def _step(self, now_ms: int, tape: dict[str, list[Trade]]) -> None:
        before_ms = self.market.time_ms
        trades = self.market.step(now_ms)
        now_ms = self.market.time_ms
        if hour_of(now_ms) > self.funded_hour:
            self.funded_hour = hour_of(now_ms)
            for name in self.market.coins:
                self._pay_funding(name, now_ms)
        if now_ms // SAMPLE_EVERY_MS != before_ms // SAMPLE_EVERY_MS:
            self._sample_equity()
        step(self.exchange, trades, (now_ms - before_ms) / 1000, self.time_ms)
        for name, fresh in trades.items():
            tape[name] += fresh

    def market_ms(self, wall_ms: int) -> int:
        """Market time at a wall time, by `clock`: not before the last step, and at most CARRY_LIMIT_MS after it."""
        step_ms = self.market.time_ms
        return min(max(step_ms, self.clock(wall_ms)), step_ms + CARRY_LIMIT_MS)

    @property
    def time_ms(self) -> int:
        """The last step's time by the exchange's clock, which a test may have set wrong."""
        return self.market.time_ms + self.exchange.deviations.skew_ms

    def stamp_ms(self, wall_ms: int) -> int:
        """What the exchange's clock shows at a wall time: the stamp of orders, fills, ledger rows and states."""
        return self.market_ms(wall_ms) + self.exchange.deviations.skew_ms

    def _sample_equity(self) -> None:
        """Appends a point to every account's portfolio history: (time, equity, paid in, volume) in USD."""
        marks = self.exchange.marks()
        for address, account in self.exchange.accounts.items():
            value = figures(account, marks).account_value + account.spot_usd
            points = self.histories.equity[address]
            points.append((self.market.time_ms, value, account.paid_in_usd, account.volume_usd))
            del points[:-KEPT_ROWS]

    def _pay_funding(self, name: str, now_ms: int) -> None:
        rate, premium = self.market.settle_hour(name)
        exact = Decimal(repr(round(rate, 10)))
        row = {
            "coin": name,
            "fundingRate": format(exact, "f"),
            "premium": format(Decimal(repr(round(premium, 10))), "f"),
            "time": now_ms,
        }
        rows = self.histories.rates[name]
        rows.append(row)
        del rows[:-KEPT_ROWS]
        pay_funding(self.exchange, name, exact, self.time_ms)

    def trim(self) -> None:
        """Cuts loaded histories to the rows that are kept."""
        histories = self.histories
        for fills in histories.fills.values():
            del fills[:-KEPT_ROWS]
        for twap_events in histories.twap_events.values():
            del twap_events[:-KEPT_ROWS]
        for events in histories.order_events.values():
            self._drop_events(events)
        for rows in (*histories.fundings.values(), *histories.ledger.values()):
            del rows[: -self.kept_events]

    def _drop_events(self, events: list[tuple[Order, OrderStatus, int]]) -> None:
        """Drops an account's oldest events, and an order with the event of its end, so that memory stays bounded."""
        for order, status, _ in events[: -self.kept_events]:
            if status not in (OrderStatus.OPEN, OrderStatus.TRIGGERED):
                self.histories.orders.pop(order.oid, None)
                if order.cloid and self.exchange.cloids.get((order.account, order.cloid)) == order.oid:
                    del self.exchange.cloids[order.account, order.cloid]
        del events[: -self.kept_events]

    @property
    def is_changed(self) -> bool:
        """Whether anything except the market differs from what the store has."""
        return bool(self.exchange.changes) or self.keys.is_changed

    def take_changes(self) -> Changes:
        """The changes since the last call, after appending them to the histories."""
        changes = self.exchange.take_changes()
        histories = self.histories
        for fill in changes.fills:
            histories.fills[fill.account].append(fill)
            del histories.fills[fill.account][:-KEPT_ROWS]
        histories.orders.update(changes.orders)
        for account, order, status in changes.updates:
            events = histories.order_events[account]
            events.append((order, status, order.status_ms if status != OrderStatus.OPEN else order.time_ms))
            self._drop_events(events)
        for twap, at_ms in changes.twap_events:
            histories.twap_events[twap.account].append((twap, at_ms))
            del histories.twap_events[twap.account][:-KEPT_ROWS]
        for account, row in changes.fundings:
            histories.fundings[account].append(row)
            del histories.fundings[account][: -self.kept_events]
        for account, row in changes.ledger:
            histories.ledger[account].append(row)
            del histories.ledger[account][: -self.kept_events]
        return changes
