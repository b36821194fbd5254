"""The simulated exchange conserves money, never lets reduce-only grow, and ends every order exactly once."""

import contextlib
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simulator.exchange import transfers
from simulator.exchange.errors import ActionError, BatchError, OrderError
from simulator.exchange.state.account import Account, figures
from simulator.exchange.state.orders import Order, Request
from simulator.exchange.step import step
from simulator.exchange.trading import margin, order_close, order_entry, twap
from simulator.exchange.trading.settlement import pay_funding
from simulator.exchange.world import World
from simulator.market.coins import COINS
from simulator.market.listing import DEFAULT_LISTING
from simulator.market.market import Market
from simulator.wire.actions import order_actions
from simulator.wire.actions import user_actions as users_actions

START_MS = 1_795_400_000_000
FREE_SLACK_USD = Decimal("0.01")
"""The entry fee is taken from the free margin too; what the check foresees of it is rounded."""
USERS = tuple("0x" + digit * 40 for digit in "abc")
SUB, MASTER = "0x" + "d" * 40, USERS[0]
START_USD = 10_000
BUILDER = "0x" + "e" * 40
FINAL = {
    "filled",
    "canceled",
    "marginCanceled",
    "selfTradeCanceled",
    "reduceOnlyCanceled",
    "siblingFilledCanceled",
    "liquidatedCanceled",
    "scheduledCancel",
    "openInterestCapCanceled",
    "iocCancelRejected",
    "badAloPxRejected",
    "minTradeNtlRejected",
    "perpMarginRejected",
    "reduceOnlyRejected",
    "badTriggerPxRejected",
    "marketOrderNoLiquidityRejected",
    "perpMaxPositionRejected",
    "positionIncreaseAtOpenInterestCapRejected",
    "positionFlipAtOpenInterestCapRejected",
    "tooAggressiveAtOpenInterestCapRejected",
    "openInterestIncreaseRejected",
    "rejected",
}
"""The final states that can occur here. The others belong to spot, vaults, delistings and whole batches refused."""
coins = st.sampled_from(sorted(DEFAULT_LISTING.coins))
users = st.sampled_from((*USERS, SUB))


class Trading(RuleBasedStateMachine):
    """Random orders and transfers of three accounts and a sub-account over a moving market."""

    @initialize(seed=st.integers(0, 5))
    def begin(self, seed: int) -> None:
        self.market = Market(seed, START_MS)
        self.world = World(seed, START_MS, self.market)
        self.exchange = self.world.exchange
        self.now = START_MS
        self.exchange.accounts[SUB] = Account(SUB, master=MASTER, name="sub")
        for user in (*USERS, SUB):
            self.exchange.deposit(user, Decimal(START_USD), self.now)
        self.ended: dict[int, str] = {}
        self.just_stepped = False

    def place(self, user: str, request: Request, parent: Order | None = None) -> Order | None:
        account = self.exchange.accounts[user]
        before = abs(account.position_size(request.coin.name))
        placed = None
        with contextlib.suppress(OrderError, BatchError):
            order_entry.check_static(self.exchange, request)
            placed = order_entry.place(self.exchange, user, request, self.now, parent=parent)
            if not request.reduce_only and request.trigger_price is None:
                assert margin.available_usd(self.exchange, account) >= -FREE_SLACK_USD
        if request.reduce_only:
            assert abs(account.position_size(request.coin.name)) <= before
        return placed

    def sized(self, name: str, usd: int) -> Decimal:
        step = COINS[name].lot
        return (Decimal(usd) / self.market.coins[name].mark_price).quantize(step)

    def near(self, name: str, percent: Decimal) -> Decimal:
        """A valid price that far from the mark."""
        market = self.market.coins[name]
        return Decimal(repr(COINS[name].round_price(float(market.mark_price) * (1 + float(percent) / 100))))

    @rule(
        user=users,
        name=coins,
        is_buy=st.booleans(),
        usd=st.integers(5, 60_000),
        percent=st.integers(-20, 20),
        tif=st.sampled_from(["Ioc", "Gtc", "Alo"]),
    )
    def order(self, user: str, name: str, is_buy: bool, usd: int, percent: int, tif: str) -> None:
        price = self.near(name, Decimal(percent) / 10)
        request = Request(COINS[name], is_buy, price, self.sized(name, usd), False, tif)
        if usd % 3 == 0:
            request.builder, request.builder_units = BUILDER, usd % 100
        self.place(user, request)

    @rule(user=users, name=coins, share=st.integers(1, 150), tif=st.sampled_from(["Ioc", "Gtc"]))
    def close(self, user: str, name: str, share: int, tif: str) -> None:
        held = self.exchange.accounts[user].position_size(name)
        size = (abs(held) * share / 100).quantize(COINS[name].lot)
        price = self.near(name, Decimal(1 if held < 0 else -1) if tif == "Ioc" else Decimal(-1 if held < 0 else 1))
        self.place(user, Request(COINS[name], held < 0, price, size, True, tif))

    @rule(
        user=users,
        name=coins,
        is_buy=st.booleans(),
        usd=st.integers(50, 9_000),
        tif=st.sampled_from(["Ioc", "Gtc"]),
        share=st.integers(20, 120),
    )
    def bracket(self, user: str, name: str, is_buy: bool, usd: int, tif: str, share: int) -> None:
        side = 1 if is_buy else -1
        size = self.sized(name, usd)
        parent = self.place(user, Request(COINS[name], is_buy, self.near(name, Decimal(side)), size, False, tif))
        if parent is None or not (parent.is_open or parent.status == "filled"):
            return
        child_size = max(COINS[name].lot, (size * share / 100).quantize(COINS[name].lot))
        for kind, percent in (("sl", -3 * side), ("tp", 3 * side)):
            trigger = self.near(name, Decimal(percent))
            child = Request(COINS[name], not is_buy, self.near(name, Decimal(percent - 8 * side)), child_size, True)
            child.trigger_price, child.trigger_is_market, child.trigger_kind = trigger, True, kind
            self.place(user, child, parent)

    @rule(user=users, number=st.integers(0, 30))
    def cancel(self, user: str, number: int) -> None:
        mine = self.exchange.open_of(user)
        oid = mine[number % len(mine)].oid if mine else number
        with contextlib.suppress(OrderError):
            order_close.cancel(self.exchange, user, oid, self.now)

    def wire(self, order: Order, usd: int, percent: int, *, is_trigger: bool) -> dict[str, Any]:
        """An order as it is sent, of the coin and side of another one."""
        price = str(self.near(order.coin, Decimal(percent) / 10))
        kind: dict[str, Any] = {"limit": {"tif": ("Gtc", "Ioc", "Alo")[usd % 3]}}
        if is_trigger:
            kind = {"trigger": {"isMarket": usd % 2 == 0, "triggerPx": price, "tpsl": ("sl", "tp")[usd % 2]}}
        return {
            "a": COINS[order.coin].asset,
            "b": order.is_buy,
            "p": price,
            "s": str(self.sized(order.coin, usd)),
            "r": order.reduce_only,
            "t": kind,
        }

    @rule(user=users, number=st.integers(0, 30), usd=st.integers(5, 9_000), percent=st.integers(-30, 30))
    def modify(self, user: str, number: int, usd: int, percent: int) -> None:
        """One of the open orders by another one: the old one has ended and the new one has an id of its own."""
        if not (mine := self.exchange.open_of(user)):
            return
        order = mine[number % len(mine)]
        always = number % 3 > 0
        wire = self.wire(order, usd, percent, is_trigger=order.is_trigger)
        refusal = None
        try:
            order_actions.modify(self.world, user, {"oid": order.oid, "order": wire, "a": always}, self.now)
        except ActionError as error:
            refusal = str(error)
        assert order.is_open == (refusal is not None and "during modify" not in refusal), refusal

    @rule(user=users, name=coins, percent=st.integers(-60, 60), is_stop=st.booleans())
    def tie_to_position(self, user: str, name: str, percent: int, is_stop: bool) -> None:
        """A trigger of the whole position, of a size that the exchange finds for itself."""
        held = self.exchange.accounts[user].position_size(name)
        price = str(self.near(name, Decimal(percent) / 10))
        trigger = {"isMarket": True, "triggerPx": price, "tpsl": "sl" if is_stop else "tp"}
        wire = {
            "a": COINS[name].asset,
            "b": held < 0,
            "p": price,
            "s": "0",
            "r": True,
            "t": {"trigger": trigger},
        }
        order_actions.order(self.world, user, {"orders": [wire], "grouping": "positionTpsl"}, self.now)

    @rule(user=st.sampled_from(USERS), usd=st.integers(-5, 12_000), to_perp=st.booleans(), of_sub=st.booleans())
    def class_transfer(self, user: str, usd: int, to_perp: bool, of_sub: bool) -> None:
        action = {"amount": f"{usd} subaccount:{SUB}" if of_sub else str(usd), "toPerp": to_perp}
        with contextlib.suppress(ActionError):
            users_actions.class_transfer(self.world, user, action, self.now)

    @rule(user=users, name=coins, is_buy=st.booleans(), usd=st.integers(50, 5_000), minutes=st.integers(4, 30))
    def twap(self, user: str, name: str, is_buy: bool, usd: int, minutes: int) -> None:
        with contextlib.suppress(OrderError):
            twap.start(
                self.exchange,
                user,
                COINS[name],
                is_buy=is_buy,
                size=self.sized(name, usd),
                reduce_only=False,
                minutes=minutes,
                randomize=False,
                now_ms=self.now,
            )

    @rule(user=users, name=coins, usd=st.integers(-500, 500))
    def isolated_margin(self, user: str, name: str, usd: int) -> None:
        with contextlib.suppress(ActionError):
            margin.move_isolated(self.exchange, user, COINS[name], Decimal(usd))

    @rule(user=users, name=coins, leverage=st.integers(0, 60), is_cross=st.booleans())
    def leverage(self, user: str, name: str, leverage: int, is_cross: bool) -> None:
        with contextlib.suppress(ActionError):
            margin.set_leverage(self.exchange, user, COINS[name], leverage, is_cross)

    @rule(user=users, other=users, usd=st.integers(-5, 12_000), kind=st.sampled_from(["send", "withdraw", "deposit"]))
    def money(self, user: str, other: str, usd: int, kind: str) -> None:
        with contextlib.suppress(ActionError):
            if kind == "deposit" and usd > 0:
                self.exchange.deposit(user, Decimal(usd), self.now)
            elif kind == "withdraw":
                transfers.withdraw(self.exchange, user, Decimal(usd), self.now, self.now)
            elif kind == "send":
                transfers.move(self.exchange, user, other, Decimal(usd), self.now, "internalTransfer")

    @rule(name=coins, share=st.sampled_from(["0.9", "1.0000001", "2", None]))
    def cap(self, name: str, share: str | None) -> None:
        self.exchange.open_interest_caps.pop(name, None)
        if share is not None:
            self.exchange.open_interest_caps[name] = self.exchange.open_interest_usd(name) * Decimal(share)

    @rule(name=coins, rate=st.integers(-400, 400))
    def funding(self, name: str, rate: int) -> None:
        pay_funding(self.exchange, name, Decimal(rate) / 10_000, self.now)

    @rule(percent=st.integers(-6, 6), steps=st.integers(1, 40))
    def move(self, percent: int, steps: int) -> None:
        for market in self.market.coins.values():
            market.mid *= 1 + percent / 100
            market.oracle *= 1 + percent / 100
        for _ in range(steps):
            self.now += 250
            step(self.exchange, self.market.step(self.now), 0.25, self.now)
        self.just_stepped = True

    @invariant()
    def money_is_conserved(self) -> None:
        """Cash of all accounts, the house and the fees is what came in; positions and the house's mirror cancel out."""
        accounts = [*self.exchange.accounts.values()]
        cash = sum(
            (a.raw_usd + a.spot_usd + sum((p.raw_usd for p in a.positions.values()), Decimal(0)) for a in accounts),
            Decimal(0),
        )
        total = cash + self.exchange.house.raw_usd + self.exchange.fees + sum(self.exchange.rewards.values())
        assert abs(total - (self.exchange.deposited - self.exchange.withdrawn)) < Decimal("0.000001")

    @invariant()
    def no_account_owes_without_a_position(self) -> None:
        """After a step no account has a debt: the house has absorbed it."""
        if self.just_stepped:
            for account in self.exchange.accounts.values():
                assert account.raw_usd >= 0 or any(position.is_cross for position in account.positions.values())
        self.just_stepped = False

    @invariant()
    def figures_can_be_computed_and_nothing_free_is_negative(self) -> None:
        marks = self.exchange.marks()
        for account in self.exchange.accounts.values():
            assert figures(account, marks).withdrawable >= 0
            assert all(position.size != 0 for position in account.positions.values())

    @invariant()
    def every_order_has_one_end(self) -> None:
        for account, order, status in self.exchange.take_changes().updates:
            assert account == order.account
            if status in ("open", "triggered"):
                continue
            assert order.oid not in self.ended, (order.oid, self.ended[order.oid], status)
            self.ended[order.oid] = status
            assert status in FINAL
            assert order.oid not in self.exchange.orders

    @invariant()
    def what_is_tied_to_a_position_has_its_size(self) -> None:
        for order in self.exchange.orders.values():
            if order.is_position_tpsl and order.is_trigger:
                assert order.size == abs(self.exchange.accounts[order.account].position_size(order.coin))

    @invariant()
    def nothing_in_spot_is_negative(self) -> None:
        assert all(account.spot_usd >= 0 for account in self.exchange.accounts.values())

    @invariant()
    def books_do_not_cross(self) -> None:
        for name in self.market.coins:
            bids, asks = (self.exchange.books.view(name, side) for side in (True, False))
            assert bids[0].price < asks[0].price
            assert all(level.size > 0 for level in (*bids, *asks))
            assert [level.price for level in asks] == sorted(level.price for level in asks)

    @invariant()
    def open_orders_are_indexed_alike(self) -> None:
        by_account = {oid for orders in self.exchange.orders_by_account.values() for oid in orders}
        assert by_account == set(self.exchange.orders)
        resting = {order.oid for side in self.exchange.books.resting.values() for order in side}
        assert resting == {order.oid for order in self.exchange.orders.values() if not order.is_trigger}


TestTrading = Trading.TestCase
TestTrading.settings = settings(
    max_examples=40, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
