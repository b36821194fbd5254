"""The state of the exchange: accounts, open orders, books, and the changes that store and streams have to take."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state import account_modes, fees
from simulator.exchange.state.account import Account
from simulator.exchange.state.deviations import Deviations
from simulator.exchange.state.order_books import OrderBooks
from simulator.exchange.state.orders import ZERO, Fill, Order, Twap
from simulator.market.candles import DAY_MS
from simulator.market.market import Market
from simulator.numbers import number_text


@dataclass(slots=True)
class Changes:
    """Changes since the last `take_changes`, for the store and the streams."""

    accounts: set[str] = field(default_factory=set)
    orders: dict[int, Order] = field(default_factory=dict)
    updates: list[tuple[str, Order, OrderStatus]] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    fundings: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    ledger: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    liquidations: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    twaps: dict[int, Twap] = field(default_factory=dict)
    twap_events: list[tuple[Twap, int]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.accounts or self.orders or self.updates or self.ledger or self.twaps)


class Exchange:
    """All accounts and orders over one market.

    `house` is the counterparty of every trade with the market itself. `fees` are collected fees, `rewards` unclaimed
    builder fees; `deposited` and `withdrawn` are the cash flows from and to the outside. Invariant: the cash of all
    accounts, house, fees and rewards equals deposits minus withdrawals.
    """

    def __init__(self, market: Market) -> None:
        self.market = market
        self.books = OrderBooks(market)
        self.accounts: dict[str, Account] = {}
        self.orders: dict[int, Order] = {}
        self.orders_by_account: dict[str, dict[int, Order]] = defaultdict(dict)
        self.cloids: dict[tuple[str, str], int] = {}
        self.twaps: dict[int, Twap] = {}
        self.next_oid = 10_000_000_000
        self.next_tid = 500_000_000_000
        self.next_twap = 1_000
        self.fees = ZERO
        self.rewards: dict[str, Decimal] = {}
        self.open_interest_caps: dict[str, Decimal] = {}
        self.deviations = Deviations()
        self.new_account_mode = account_modes.DEFAULT
        self._volume_by_day: tuple[int, Decimal] = (-1, ZERO)
        self.deposited = ZERO
        self.withdrawn = ZERO
        self.house = Account("house")
        self.changes = Changes()

    def marks(self) -> dict[str, Decimal]:
        return {name: market.mark_price for name, market in self.market.coins.items()}

    def owner(self, address: str) -> Account:
        """The account whose volume counts: a sub-account's master, else the account itself."""
        account = self.accounts[address]
        return self.accounts[account.master] if account.master else account

    def rates(self, address: str, now_ms: int) -> tuple[Decimal, Decimal]:
        """(taker, maker) fractions of the notional that an account pays."""
        return fees.rates(self.owner(address), now_ms, self._exchange_volume_usd(now_ms))

    def _exchange_volume_usd(self, now_ms: int) -> Decimal:
        """USD traded on the market in the days that the fee tiers count; computed once a day."""
        today = fees.day_of(now_ms)
        if self._volume_by_day[0] != today:
            start, end = (today - fees.WINDOW_DAYS) * DAY_MS, today * DAY_MS - 1
            days = [day for each in self.market.coins.values() for day in each.candles.read("1d", start, end)]
            self._volume_by_day = (today, Decimal(repr(sum(day.volume * day.close for day in days))))
        return self._volume_by_day[1]

    def open_interest_usd(self, coin: str) -> Decimal:
        """The open interest of a coin: the market's own plus the accounts' positions."""
        market = self.market.coins[coin]
        traders = sum((abs(account.position_size(coin)) for account in self.accounts.values()), ZERO)
        return (Decimal(repr(market.open_interest)) + traders) * market.mark_price

    def is_capped(self, coin: str) -> bool:
        cap = self.open_interest_caps.get(coin)
        return cap is not None and self.open_interest_usd(coin) >= cap

    def open_account(self, address: str) -> Account:
        """The account of an address; a new one has the mode that new accounts have."""
        return self.accounts.setdefault(address, Account(address, mode=self.new_account_mode))

    def deposit(self, address: str, usd: Decimal, now_ms: int) -> Account:
        """Adds cash from outside to an account, which is created if it is new."""
        account = self.open_account(address)
        account.raw_usd += usd
        account.paid_in_usd += usd
        self.deposited += usd
        self.changes.accounts.add(address)
        self.append_ledger(address, now_ms, {"type": "deposit", "usdc": number_text(usd)})
        return account

    def append_ledger(self, address: str, now_ms: int, delta: dict[str, Any]) -> None:
        """Appends a row to the account's ledger."""
        self.changes.ledger.append((address, {"time": now_ms, "delta": delta}))

    def open_of(self, address: str, coin: str | None = None) -> list[Order]:
        """Open orders of an account, oldest first; of one coin or of all."""
        mine = self.orders_by_account.get(address, {}).values()
        return [order for order in mine if coin is None or order.coin == coin]

    def add_open_order(self, order: Order) -> None:
        """Adds an order to the open orders, and to the book unless it is a trigger."""
        self.orders[order.oid] = order
        self.orders_by_account[order.account][order.oid] = order
        self._index_cloid(order)
        if not order.is_trigger:
            self.books.rest(order)

    def remove_open_order(self, order: Order) -> None:
        """Removes an order from the open orders and from the book."""
        self.orders.pop(order.oid, None)
        self.orders_by_account[order.account].pop(order.oid, None)
        self._index_cloid(order)
        self.books.remove(order)

    def _index_cloid(self, order: Order) -> None:
        """Maps a client order id to the latest order that has it."""
        if order.cloid:
            key = (order.account, order.cloid)
            self.cloids[key] = max(order.oid, self.cloids.get(key, 0))

    def record_status(self, order: Order, status: OrderStatus) -> None:
        """Records a status of an order for the store and the streams."""
        self.changes.orders[order.oid] = order
        self.changes.updates.append((order.account, order, status))

    def record_twap_status(self, twap: Twap, now_ms: int) -> None:
        """Records a new status of a TWAP, with its state then, for the store and the streams."""
        self.changes.twaps[twap.id] = twap
        self.changes.twap_events.append((replace(twap), now_ms))

    def take_changes(self) -> Changes:
        changes, self.changes = self.changes, Changes()
        return changes

    def load(self, accounts: Iterable[Account], orders: Iterable[Order], twaps: Iterable[Twap]) -> None:
        """Fills an empty exchange with stored accounts, orders (ascending by id) and TWAPs."""
        self.accounts = {account.address: account for account in accounts}
        for order in orders:
            if order.status == OrderStatus.OPEN:
                ahead = order.ahead
                self.add_open_order(order)
                order.ahead = ahead
            else:
                self._index_cloid(order)
        self.twaps = {twap.id: twap for twap in twaps}
