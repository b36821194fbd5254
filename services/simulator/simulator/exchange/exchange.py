"""The exchange: places, matches, triggers, cancels, liquidates; every change is noted for store and streams."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from simulator.coins import COINS, Coin
from simulator.exchange import errors
from simulator.exchange.account import Account, Leverage, apply_trade, figures, maintenance_usd
from simulator.exchange.errors import ActionError, OrderError
from simulator.exchange.orders import OPEN, Fill, Order
from simulator.market.coin import Level
from simulator.market.market import Market
from simulator.wire.formats import is_valid_price, is_valid_size, rounded, text

TAKER = Decimal("0.00045")
MAKER = Decimal("0.00015")
MIN_NOTIONAL_USD = Decimal(10)
FEE_DECIMALS = 6
ZERO = Decimal(0)


@dataclass(slots=True)
class Request:
    """One order as asked for, already parsed."""

    coin: Coin
    is_buy: bool
    price: Decimal
    size: Decimal
    reduce_only: bool
    tif: str = "Gtc"
    cloid: str | None = None
    trigger_price: Decimal | None = None
    trigger_is_market: bool = False
    trigger_kind: str = ""


@dataclass(slots=True)
class Changes:
    """What the last action or step changed; taken by the store and the streams."""

    accounts: set[str] = field(default_factory=set)
    orders: dict[int, Order] = field(default_factory=dict)
    updates: list[tuple[str, Order, str]] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    fundings: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    ledger: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


class Exchange:
    """All accounts and orders over one market. `house` is the other side of every trade, `fees` what was collected."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.accounts: dict[str, Account] = {}
        self.orders: dict[int, Order] = {}
        self.cloids: dict[tuple[str, str], int] = {}
        self.next_oid = 10_000_000_000
        self.next_tid = 500_000_000_000
        self.fees = ZERO
        self.house = Account("house")
        self.changes = Changes()

    # Accounts.

    def marks(self) -> dict[str, Decimal]:
        return {name: market.mark_price for name, market in self.market.coins.items()}

    def deposit(self, address: str, usd: Decimal, now_ms: int) -> Account:
        """Adds cash from outside to an account, which is made if it is new."""
        account = self.accounts.setdefault(address, Account(address))
        account.raw_usd += usd
        self.changes.accounts.add(address)
        self.changes.ledger.append((address, {"time": now_ms, "delta": {"type": "deposit", "usdc": text(usd)}}))
        return account

    def set_leverage(self, address: str, coin: Coin, value: int, is_cross: bool) -> None:
        """Raising is always allowed; lowering needs margin; the type can't change under an open position."""
        account = self.accounts[address]
        if not 1 <= value <= coin.max_leverage:
            raise ActionError(errors.LEVERAGE)
        position = account.positions.get(coin.name)
        if position is not None:
            if position.is_cross != is_cross:
                raise ActionError(errors.SWITCH)
            self._change_position_leverage(account, coin, value)
        account.leverages[coin.name] = Leverage(value, is_cross)
        self.changes.accounts.add(address)

    def _change_position_leverage(self, account: Account, coin: Coin, value: int) -> None:
        position = account.positions[coin.name]
        mark = self.market.coins[coin.name].mark_price
        if not position.is_cross and value < position.leverage:
            wanted = abs(position.size) * mark / value
            missing = wanted - position.equity(mark)
            if missing > 0:
                if missing > figures(account, self.marks()).withdrawable:
                    raise ActionError("Insufficient margin to decrease leverage.")
                account.raw_usd -= missing
                position.raw_usd += missing
        position.leverage = value

    def move_isolated_margin(self, address: str, coin: Coin, usd: Decimal) -> None:
        """Adds (or with a negative sum removes) margin of an isolated position."""
        account = self.accounts[address]
        position = account.positions.get(coin.name)
        if position is None or position.is_cross:
            raise ActionError("Cannot update isolated margin without an isolated position.")
        mark = self.market.coins[coin.name].mark_price
        least = max(abs(position.size) * mark / position.leverage, abs(position.size) * mark / 10)
        if usd > figures(account, self.marks()).withdrawable or (usd < 0 and position.equity(mark) + usd < least):
            raise ActionError("Insufficient margin to update isolated margin.")
        account.raw_usd -= usd
        position.raw_usd += usd
        self.changes.accounts.add(address)

    # Placing.

    def place(self, address: str, request: Request, now_ms: int, *, parent: Order | None = None) -> Order:
        """Takes one order in; raises OrderError with the exchange's text when it refuses it."""
        order = self._make(address, request, now_ms)
        try:
            self._check(order, request.coin, parent)
            if order.is_trigger:
                self._rest(order, parent)
            else:
                self._execute(order, now_ms)
        except OrderError as error:
            if error.status:
                self._finish(order, error.status, now_ms)
            raise
        return order

    def _make(self, address: str, request: Request, now_ms: int) -> Order:
        self.next_oid += 1
        return Order(
            oid=self.next_oid,
            account=address,
            coin=request.coin.name,
            is_buy=request.is_buy,
            price=request.price,
            size=request.size,
            original_size=request.size,
            tif=request.tif,
            reduce_only=request.reduce_only,
            time_ms=now_ms,
            cloid=request.cloid,
            trigger_price=request.trigger_price,
            trigger_is_market=request.trigger_is_market,
            trigger_kind=request.trigger_kind,
            status_ms=now_ms,
        )

    def _check(self, order: Order, coin: Coin, parent: Order | None) -> None:
        """What is refused whatever the book looks like, in the order of the exchange's own answers."""
        if order.size == 0 and not order.is_position_tpsl and not (order.is_trigger and order.reduce_only):
            raise OrderError(errors.ZERO_SIZE)
        if order.size < 0 or not is_valid_size(coin, order.size):
            raise OrderError(errors.BAD_SIZE)
        prices = [order.price] if order.trigger_price is None else [order.price, order.trigger_price]
        if not all(is_valid_price(coin, price) for price in prices):
            raise OrderError(errors.TICK if order.price > 0 else "Order has invalid price.", "tickRejected")
        mark = self.market.coins[order.coin].mark_price
        if not order.is_trigger and not mark / 5 <= order.price <= mark * Decimal("1.8"):
            raise OrderError(errors.TOO_FAR, "oracleRejected")
        position = self.accounts[order.account].position_size(order.coin)
        if order.size and order.size * order.price < MIN_NOTIONAL_USD and not order.reduce_only:
            raise OrderError(errors.MIN_NOTIONAL, "minTradeNtlRejected")
        if order.reduce_only and parent is None and (position == 0 or (position > 0) == order.is_buy):
            raise OrderError(errors.REDUCE_ONLY, "reduceOnlyRejected")
        if order.is_trigger and self._is_reached(order, mark):
            raise OrderError(errors.BAD_TRIGGER, "badTriggerPxRejected")

    def _is_reached(self, order: Order, mark: Decimal) -> bool:
        assert order.trigger_price is not None  # noqa: S101 - triggers only
        return mark >= order.trigger_price if order.fires_above else mark <= order.trigger_price

    def _rest(self, order: Order, parent: Order | None = None) -> None:
        if parent is not None:
            order.parent = parent.oid
            order.waits = parent.is_open
            parent.children.append(order.oid)
        self.orders[order.oid] = order
        if order.cloid:
            self.cloids[order.account, order.cloid] = order.oid
        self._note(order, OPEN)

    def _execute(self, order: Order, now_ms: int) -> None:
        """Matches an order against the book as its time in force says."""
        market = self.market.coins[order.coin]
        levels = market.asks if order.is_buy else market.bids
        best = levels[0].price
        crosses = order.price >= best if order.is_buy else order.price <= best
        if order.tif == "Alo" and crosses:
            raise OrderError(
                errors.post_only(text(market.bids[0].price), text(market.asks[0].price)), "badAloPxRejected"
            )
        self._check_margin(order, crosses)
        if crosses:
            self._take(order, levels, now_ms)
        if order.tif in ("Ioc", "FrontendMarket"):
            if order.filled == 0:
                is_market = order.is_triggered and order.trigger_is_market
                status = "marketOrderNoLiquidityRejected" if is_market else "iocCancelRejected"
                raise OrderError(errors.NO_LIQUIDITY if is_market else errors.NO_MATCH, status)
            if order.size > 0:
                self._finish(order, "canceled", now_ms)
        elif order.is_open and order.oid not in self.orders:
            self._rest(order)
        if order.is_open and order.size == 0:
            self._finish(order, "filled", now_ms)

    def _check_margin(self, order: Order, crosses: bool) -> None:
        """Initial margin and fee must be free for what the order adds to the position."""
        account, coin = self.accounts[order.account], COINS[order.coin]
        position = account.position_size(order.coin)
        signed = order.size if order.is_buy else -order.size
        added = abs(position + signed) - abs(position) if position * signed < 0 else order.size
        if added <= 0 or order.reduce_only:
            return
        mark = self.market.coins[order.coin].mark_price
        price = max(order.price, mark) if not crosses or not order.is_buy else max(mark, min(order.price, mark * 2))
        best = self.market.coins[order.coin].asks[0].price if order.is_buy else mark
        price = max(mark, best) if crosses else price
        leverage = account.leverage_of(coin).value
        needed = added * price / leverage + added * price * TAKER
        if needed > figures(account, self.marks()).withdrawable - self._held(account):
            raise OrderError(errors.MARGIN, "perpMarginRejected")

    def _held(self, account: Account) -> Decimal:
        """Margin that resting entry orders will need."""
        return sum(
            (
                order.size * order.price / account.leverage_of(COINS[order.coin]).value
                for order in self.orders.values()
                if order.account == account.address and not order.reduce_only and order.trigger_price is None
            ),
            ZERO,
        )

    # Matching.

    def _take(self, order: Order, levels: list[Level], now_ms: int) -> None:
        """Walks the book level by level within the order's price; what is taken is gone until the book refills."""
        self._cap_reduce_only(order)
        for level in levels:
            if order.size <= 0 or (order.price < level.price if order.is_buy else order.price > level.price):
                break
            size = min(order.size, level.size)
            if size > 0:
                self._fill(order, level.price, size, True, now_ms)
                level.size -= size
        levels[:] = [level for level in levels if level.size > 0] or levels[-1:]

    def _cap_reduce_only(self, order: Order) -> None:
        if order.reduce_only:
            position = self.accounts[order.account].position_size(order.coin)
            room = abs(position) if position and (position > 0) != order.is_buy else ZERO
            order.size = min(order.size, room) if order.size else room

    def _fill(
        self,
        order: Order,
        price: Decimal,
        size: Decimal,
        crossed: bool,
        now_ms: int,
        liquidation: dict[str, Any] | None = None,
    ) -> None:
        account, coin = self.accounts[order.account], COINS[order.coin]
        before = account.position_size(order.coin)
        signed = size if order.is_buy else -size
        closed = apply_trade(account, coin, signed, price)
        self.house.raw_usd += signed * price
        fee = round(size * price * (TAKER if crossed else MAKER), FEE_DECIMALS) if liquidation is None else ZERO
        account.raw_usd -= fee
        self.fees += fee
        account.volume_usd += size * price
        self.next_tid += 1
        order.size -= size
        order.filled += size
        order.filled_usd += size * price
        fill = Fill(
            account=order.account,
            coin=order.coin,
            price=price,
            size=size,
            is_buy=order.is_buy,
            time_ms=now_ms,
            start_position=before,
            closed_pnl=closed,
            oid=order.oid,
            crossed=crossed,
            fee=fee,
            tid=self.next_tid,
            cloid=order.cloid,
            liquidation=liquidation,
        )
        self.changes.fills.append(fill)
        self.changes.accounts.add(order.account)
        self._after_position_change(account, order, now_ms)

    def _after_position_change(self, account: Account, order: Order, now_ms: int) -> None:
        """Keeps triggers in step with the position: gone when it is closed or turned, resized when tied to it."""
        size = account.position_size(order.coin)
        for other in self._open_of(account.address, order.coin):
            if other.oid == order.oid or not other.reduce_only or other.waits:
                continue
            if size == 0 or (size > 0) == other.is_buy:
                self._finish(other, "reduceOnlyCanceled" if not other.is_trigger else "canceled", now_ms)
            elif other.is_position_tpsl:
                other.size = other.original_size = abs(size)
                self.changes.orders[other.oid] = other

    def _open_of(self, address: str, coin: str) -> list[Order]:
        return [order for order in self.orders.values() if order.account == address and order.coin == coin]

    # Groups.

    def wake_children(self, parent: Order, now_ms: int) -> None:
        """Settles a bracket's children: live after a full fill, dead with a parent that ended otherwise."""
        for oid in parent.children:
            child = self.orders.get(oid)
            if child is None or not child.waits:
                continue
            if parent.status == "filled":
                child.waits = False
                self.changes.orders[oid] = child
            elif not parent.is_open:
                self._finish(child, "canceled", now_ms)

    def _cancel_siblings(self, order: Order, now_ms: int) -> None:
        parent = self.orders.get(order.parent) if order.parent else None
        siblings = (
            parent.children
            if parent
            else [
                other.oid
                for other in self._open_of(order.account, order.coin)
                if order.parent and other.parent == order.parent
            ]
        )
        for oid in siblings:
            other = self.orders.get(oid)
            if other is not None and other.oid != order.oid and other.is_open:
                self._finish(other, "siblingFilledCanceled", now_ms)

    # Ending.

    def cancel(self, address: str, oid: int, now_ms: int, status: str = "canceled") -> None:
        """Cancels an open order of the account. Raises OrderError with the one text for every other case."""
        order = self.orders.get(oid)
        if order is None or order.account != address:
            raise OrderError(errors.GONE)
        self._finish(order, status, now_ms)

    def _finish(self, order: Order, status: str, now_ms: int) -> None:
        order.status, order.status_ms = status, now_ms
        self.orders.pop(order.oid, None)
        if order.cloid:
            self.cloids[order.account, order.cloid] = order.oid
        self._note(order, status)
        if order.parent and status == "filled":
            self._cancel_siblings(order, now_ms)
        if order.children:
            self.wake_children(order, now_ms)

    def _note(self, order: Order, status: str) -> None:
        self.changes.orders[order.oid] = order
        self.changes.updates.append((order.account, order, status))

    def take_changes(self) -> Changes:
        changes, self.changes = self.changes, Changes()
        return changes

    # Time.

    def step(self, now_ms: int) -> None:
        """After each move of the market: triggers, resting orders, liquidations."""
        for order in list(self.orders.values()):
            if order.oid in self.orders and not order.waits:
                if order.is_trigger:
                    self._maybe_trigger(order, now_ms)
                else:
                    self._maybe_match(order, now_ms)
        marks = self.marks()
        for account in self.accounts.values():
            self._liquidate(account, marks, now_ms)

    def _maybe_trigger(self, order: Order, now_ms: int) -> None:
        if not self._is_reached(order, self.market.coins[order.coin].mark_price):
            return
        order.is_triggered = True
        order.tif = "Ioc" if order.trigger_is_market else "Gtc"
        self.changes.updates.append((order.account, order, "triggered"))
        try:
            self._execute(order, now_ms)
        except OrderError as error:
            self._finish(order, error.status or "canceled", now_ms)

    def _maybe_match(self, order: Order, now_ms: int) -> None:
        market = self.market.coins[order.coin]
        best = market.asks[0].price if order.is_buy else market.bids[0].price
        if (best > order.price) if order.is_buy else (best < order.price):
            return
        self._cap_reduce_only(order)
        self._fill(order, order.price, order.size, False, now_ms)
        if order.is_open:
            self._finish(order, "filled", now_ms)

    def _liquidate(self, account: Account, marks: dict[str, Decimal], now_ms: int) -> None:
        sums = figures(account, marks)
        cross_is_short = sums.cross_notional > 0 and sums.cross_value < sums.cross_maintenance
        for position in list(account.positions.values()):
            mark = marks[position.coin]
            needed = maintenance_usd(COINS[position.coin], abs(position.size) * mark)
            if cross_is_short if position.is_cross else position.equity(mark) < needed:
                self._close_by_force(account, position.coin, mark, now_ms)

    def _close_by_force(self, account: Account, coin: str, mark: Decimal, now_ms: int) -> None:
        """A liquidation: open orders of the coin go, the whole position is sold into the book, the rest at mark."""
        for order in self._open_of(account.address, coin):
            self._finish(order, "liquidatedCanceled", now_ms)
        size = account.position_size(coin)
        market = self.market.coins[coin]
        is_buy = size < 0
        request = Request(COINS[coin], is_buy, mark, abs(size), True, "Ioc")
        order = self._make(account.address, request, now_ms)
        note = {"liquidatedUser": account.address, "markPx": text(mark), "method": "market"}
        for level in list(market.asks if is_buy else market.bids):
            if order.size > 0:
                self._fill(order, level.price, min(order.size, level.size), True, now_ms, note)
        if order.size > 0:
            self._fill(order, mark, order.size, True, now_ms, note | {"method": "backstop"})
        self._finish(order, "filled", now_ms)

    def pay_funding(self, coin: str, rate: Decimal, now_ms: int) -> None:
        """The hour's payment of every position on the coin: size × oracle × rate; longs pay a positive rate."""
        oracle = Decimal(self.market.coins[coin].oracle_text)
        for account in self.accounts.values():
            position = account.positions.get(coin)
            if position is None:
                continue
            payment = round(position.size * oracle * rate, FEE_DECIMALS)
            if position.is_cross:
                account.raw_usd -= payment
            else:
                position.raw_usd -= payment
            self.house.raw_usd += payment
            for name in ("funding_all", "funding_open", "funding_change"):
                setattr(position, name, getattr(position, name) + payment)
            row = {
                "coin": coin,
                "usdc": text(-payment),
                "szi": text(position.size),
                "fundingRate": rounded(rate, 10),
                "nSamples": None,
            }
            self.changes.accounts.add(account.address)
            self.changes.fundings.append((account.address, {"time": now_ms, "delta": {"type": "funding", **row}}))
